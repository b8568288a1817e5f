import CCurl
import NIOCore
import UploadModel

/// A hop while it runs, on the one thread that runs it.
final class HopRun {
    /// What is gathered before it is handed over.
    static let bufferBytes = 256 * 1_024
    /// How long the thread may wait without looking around. Everything that matters wakes it, libcurl's own times too.
    private static let pollMilliseconds: CInt = 30_000

    private let hop: Hop
    private let pipe: HopPipe
    private var reader = HeadReader()
    private var gathered = ByteBuffer()
    private var isPaused = false
    private var refusedAddresses: [IPAddress] = []
    private var triedAddresses = 0
    private var unusableHead: String?

    private init(_ hop: Hop, into pipe: HopPipe) {
        self.hop = hop
        self.pipe = pipe
    }

    /// Asks and hands over what comes; blocks until the hop has ended.
    ///
    /// Every hop has handles of its own, so that no connection is used twice and none escapes the rule of addresses.
    static func perform(_ hop: Hop, into pipe: HopPipe) {
        sluice_curl_guard_thread()
        guard sluice_curl_prepare() == CURLE_OK, let multi = curl_multi_init() else {
            return pipe.finish(.failed(HopFailure(.inside, cause: "libcurl could not be started")))
        }
        guard pipe.begin(HopWaker(multi)) else {
            curl_multi_cleanup(multi)
            return pipe.finish(.stopped)
        }
        hop.budget.begin()
        let run = HopRun(hop, into: pipe)
        let end = withExtendedLifetime(run) { run.perform(on: multi) }
        pipe.retire()
        curl_multi_cleanup(multi)
        if run.gathered.readableBytes > 0 { pipe.push(last: run.gathered) }
        pipe.finish(end)
    }

    private func perform(on multi: UnsafeMutableRawPointer) -> HopEnd {
        let context = Unmanaged.passUnretained(self).toOpaque()
        var gate = sluice_curl_gate(
            judge: { context, peer in HopRun.from(context).permits(peer) }, context: context)
        return withUnsafeMutablePointer(to: &gate) { gate in
            let remaining = hop.budget.remainingMilliseconds
            guard remaining > 0 else { return .failed(HopFailure(.late, cause: "no time left")) }
            guard let easy = HopHandle() else {
                return .failed(HopFailure(.inside, cause: "no handle from libcurl"))
            }
            var code = easy.ask(hop, withinMilliseconds: remaining)
            if code == CURLE_OK { code = listen(to: easy, gate: gate, context: context) }
            guard code == CURLE_OK else {
                return .failed(HopFailure(.inside, cause: String(cString: curl_easy_strerror(code))))
            }
            guard curl_multi_add_handle(multi, easy.handle) == CURLM_OK else {
                return .failed(HopFailure(.inside, cause: "libcurl did not take the transfer"))
            }
            defer { curl_multi_remove_handle(multi, easy.handle) }
            return withExtendedLifetime(easy) { drive(easy, on: multi) }
        }
    }

    private func listen(
        to easy: HopHandle, gate: UnsafeMutablePointer<sluice_curl_gate>, context: UnsafeMutableRawPointer
    ) -> CURLcode {
        let header: sluice_curl_taker = { bytes, size, count, context in
            HopRun.from(context)?.takeLine(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        let body: sluice_curl_taker = { bytes, size, count, context in
            HopRun.from(context)?.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        var code = sluice_curl_on_header(easy.handle, header, context)
        if code == CURLE_OK { code = sluice_curl_on_body(easy.handle, body, context) }
        if code == CURLE_OK { code = sluice_curl_on_connect(easy.handle, gate) }
        return code
    }

    private func drive(_ easy: HopHandle, on multi: UnsafeMutableRawPointer) -> HopEnd {
        while true {
            var running: CInt = 0
            guard curl_multi_perform(multi, &running) == CURLM_OK else {
                return .failed(HopFailure(.inside, cause: "libcurl failed as a whole"))
            }
            let hasRoom = handOver()
            if let code = Self.result(of: multi) { return end(code, cause: easy.message) }
            if pipe.isStopped { return .stopped }
            if isPaused, hasRoom {
                isPaused = false
                // Delivers what libcurl kept back, and may pause again.
                guard curl_easy_pause(easy.handle, CURLPAUSE_CONT) == CURLE_OK else {
                    return .failed(HopFailure(.inside, cause: "libcurl could not go on"))
                }
                continue
            }
            // Keeps a wake-up that came before it.
            guard curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil) == CURLM_OK else {
                return .failed(HopFailure(.inside, cause: "libcurl could not wait"))
            }
        }
    }

    private static func result(of multi: UnsafeMutableRawPointer) -> CURLcode? {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            if message.pointee.msg == CURLMSG_DONE { return message.pointee.data.result }
        }
        return nil
    }

    private func end(_ code: CURLcode, cause: String) -> HopEnd {
        if pipe.isStopped { return .stopped }
        if let unusableHead { return .failed(HopFailure(.unusableAnswer, cause: unusableHead)) }
        guard code != CURLE_OK else { return .whole }
        let onlyRefused = !refusedAddresses.isEmpty && triedAddresses == 0
        let refused = refusedAddresses.map(\.description).joined(separator: ", ")
        return .failed(
            HopFailure(code, onlyRefused: onlyRefused, cause: onlyRefused ? "refused \(refused)" : cause))
    }

    // MARK: - What libcurl calls

    private static func from(_ context: UnsafeMutableRawPointer) -> HopRun {
        Unmanaged<HopRun>.fromOpaque(context).takeUnretainedValue()
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> HopRun? {
        context.map { from($0) }
    }

    private func permits(_ peer: sluice_curl_peer) -> Bool {
        let address: IPAddress
        let bytes = withUnsafeBytes(of: peer.bytes) { Array($0) }
        switch peer.version {
        case 4: address = .v4(bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
        case 6: address = .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
        default: return false
        }
        guard hop.addresses.permits(address, scope: peer.scope, isOwn: sluice_curl_is_own(peer)) else {
            refusedAddresses.append(address)
            return false
        }
        triedAddresses += 1
        return true
    }

    /// - Returns: how many bytes were taken; fewer than all end the hop.
    private func takeLine(_ line: UnsafeRawBufferPointer) -> Int {
        switch reader.take(line) {
        case .more: return line.count
        case .head(let head):
            pipe.push(head)
            return line.count
        case .tooLarge: unusableHead = "more than \(HeadReader.maximumBytes) bytes of head"
        case .unusable: unusableHead = "a head that is no HTTP"
        }
        return 0
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        if gathered.readableBytes >= Self.bufferBytes, !handOver() {
            if pipe.isStopped { return 0 }
            isPaused = true
            return sluice_curl_pause()
        }
        // So that a large body is copied once, and a small one takes little.
        if gathered.readableBytes > 0 { gathered.reserveCapacity(Self.bufferBytes + bytes.count) }
        gathered.writeBytes(bytes)
        return bytes.count
    }

    /// - Returns: whether nothing is left that would have to be handed over.
    private func handOver() -> Bool {
        guard gathered.readableBytes > 0 else { return true }
        guard pipe.offer(gathered) == .taken else { return false }
        gathered = ByteBuffer()
        return true
    }
}
