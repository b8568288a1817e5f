import NIOCore
package import UploadModel

extension OutgoingHTTP {
    /// Pulls a file into a sink, within the limits of the order.
    ///
    /// Cancelling the calling task ends it soon, also while the sink works if that ends then.
    /// - Throws: the sink's fault; `url_refused` for a URL or an address that is not allowed, at the start or after a
    ///   redirect; `url_unreachable` when no whole file came; `too_large`; `unavailable` when it was stopped.
    package func download(_ order: DownloadOrder, into sink: any TransferSink)
        async throws(UploadFault) -> DownloadSummary
    {
        var machine: DownloadMachine
        do throws(TransferFault) {
            machine = try DownloadMachine(order)
        } catch {
            throw UploadFault(error)
        }
        let budget = TimeBudget(milliseconds: order.totalTimeoutSeconds * 1_000)
        while true {
            let hop = Hop(
                method: .get, url: machine.question.url, fields: machine.question.fields, addresses: order.addresses,
                connectTimeoutMilliseconds: order.connectTimeoutSeconds * 1_000,
                speedFloor: Hop.SpeedFloor(
                    bytesPerSecond: order.minimumBytesPerSecond, seconds: order.slownessSeconds),
                budget: budget)
            let step = try await run(hop) { pipe throws(UploadFault) in
                try await Self.take(from: pipe, &machine, into: sink, budget: budget)
            }
            switch step {
            case .done(let summary): return summary
            case .again(let milliseconds):
                do {
                    if milliseconds > 0 { try await Task.sleep(for: .milliseconds(milliseconds)) }
                } catch {
                    throw UploadFault(.stopped)
                }
            }
        }
    }

    private enum Step {
        case done(DownloadSummary)
        case again(afterMilliseconds: Int)
    }

    private static func take(
        from pipe: HopPipe, _ machine: inout DownloadMachine, into sink: any TransferSink, budget: TimeBudget
    ) async throws(UploadFault) -> Step {
        while true {
            switch await pipe.next() {
            case .head(let head):
                switch machine.answered(head) {
                case .begin(let head): try await sink.began(head)
                case .goOn: break
                case .follow: return .again(afterMilliseconds: 0)
                case .fail(let fault): throw UploadFault(fault)
                }
            case .bytes(let bytes):
                if let fault = machine.received(bytes.readableBytes) { throw UploadFault(fault) }
                try await sink.receive(bytes)
            case .end(let end):
                switch machine.ended(end, remainingMilliseconds: budget.remainingMilliseconds) {
                case .complete(let summary): return .done(summary)
                case .tryAgain(let milliseconds): return .again(afterMilliseconds: milliseconds)
                case .fail(let fault): throw UploadFault(fault)
                }
            }
        }
    }
}
