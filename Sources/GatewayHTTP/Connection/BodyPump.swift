import NIOCore
import UploadEngine
import UploadModel

/// Moves the bytes of a body to whoever takes them, and stops at once when a newer request takes over.
struct BodyPump {
    let exchange: Exchange

    /// Moves the whole body.
    func run(into receiver: any ByteReceiver) async throws(UploadFault) {
        try await watching(receiver) { () async throws(UploadFault) in
            while true {
                // Not before the beginning was judged: a wrong one is refused as soon as it is here.
                let mayFill = exchange.body.prepareToFill() && receiver.lendsMemory
                let waitingBytes = mayFill ? await exchange.body.gather() : nil
                if mayFill, let vacancy = try await receiver.vacancy(expecting: waitingBytes),
                    let count = try await exchange.body.fill(vacancy)
                {
                    try await receiver.filled(count)
                } else if let bytes = try await exchange.body.next() {
                    try await receiver.receive(bytes)
                } else {
                    return
                }
            }
        }
    }

    /// Runs `body`, which reads the request and feeds `receiver`, and ends the reading when a newer request wants the
    /// receiver's place. Whatever is thrown, the receiver is abandoned.
    func watching<Value>(
        _ receiver: any ByteReceiver, _ body: () async throws(UploadFault) -> Value
    ) async throws(UploadFault) -> Value {
        let exchange = exchange
        let outcome = await withTaskGroup(of: Void.self) { group -> Result<Value, UploadFault> in
            group.addTask {
                await receiver.revoked()
                if !Task.isCancelled { exchange.supersede() }
            }
            let result: Result<Value, UploadFault>
            do throws(UploadFault) {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            return result
        }
        switch outcome {
        case .success(let value): return value
        case .failure(let fault):
            await receiver.abandon()
            throw fault
        }
    }
}
