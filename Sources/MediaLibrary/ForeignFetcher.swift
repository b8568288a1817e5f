import NIOCore
import Synchronization
import UploadEngine
import UploadModel

/// Fetches files from URLs that clients name.
package struct ForeignFetcher: Sendable {
    /// Bounds of one fetch.
    package struct Limits: Hashable, Sendable {
        package var maximumBytes: Int64 = 5 << 30
        package var totalSeconds: Int = 300
        package var minimumBytesPerSecond: Int = 1024
        package var maximumRedirects: Int = 5

        package init() {}
    }

    private let http: OutgoingHTTP
    private let addresses: AddressRule
    private let limits: Limits
    private let admission: FetchAdmission

    /// - Parameters:
    ///   - addresses: where fetches may go.
    ///   - threads: how many can run at once; more are turned away.
    package init(http: OutgoingHTTP, addresses: AddressRule, limits: Limits, threads: Int) {
        admission = FetchAdmission(maximumAtOnce: threads)
        self.http = http
        self.addresses = addresses
        self.limits = limits
    }

    /// Fetches a file whole; it is then an upload like any other, and complete.
    ///
    /// - Throws: `url_refused`, `url_unreachable`, `too_large`, `content_mismatch`, `unsupported_media_type`; whatever
    ///   is thrown, nothing of the file is kept.
    /// - Parameter deadline: when it must have ended.
    func fetch(
        _ url: String, into engine: UploadEngine, accepting formats: MediaFormatTable, of tenant: TenantID,
        until deadline: ContinuousClock.Instant
    ) async throws(UploadFault) -> UploadRecord {
        try admission.enter(tenant)
        defer { admission.leave(tenant) }
        var order = order(url)
        // Up to the next whole second: what is left of the last one is not to be lost.
        let left = Int((deadline - .now).components.seconds) + 1
        order.totalTimeoutSeconds = min(order.totalTimeoutSeconds, max(1, left))
        let sink = FetchSink(engine: engine, formats: formats, tenant: tenant)
        do throws(UploadFault) {
            _ = try await http.download(order, into: sink)
            guard let stream = sink.stream else { throw Self.noFile }
            guard try stream.settledType() != nil else { throw Self.notMedia }
            return try await stream.finish(expecting: [:]).upload
        } catch {
            await sink.stream?.abandon()
            throw error
        }
    }

    /// What the server says of the type of its file; `nil` when it does not say. Nothing of the file is fetched.
    ///
    /// - Throws: `url_refused`, `url_unreachable`.
    func contentType(of url: String, for tenant: TenantID) async throws(UploadFault) -> String? {
        try admission.enter(tenant)
        defer { admission.leave(tenant) }
        var request = OutgoingRequest(.head, url: url, addresses: addresses)
        request.maximumRedirects = limits.maximumRedirects
        let answer: OutgoingAnswer
        do throws(TransferFault) {
            answer = try await http.exchange(request)
        } catch {
            throw UploadFault(error)
        }
        switch answer.status {
        case 200...299: return answer.fields.value("Content-Type")
        // There are servers that know no HEAD; the head of a GET says the same.
        case 403, 405, 501:
            var order = order(url)
            order.totalTimeoutSeconds = request.totalTimeoutMilliseconds / 1000
            order.maximumBytes = .max
            return try await HeadOnlySink.ask(order, http)
        default: throw UploadFault(.urlUnreachable, "The server answered \(answer.status).")
        }
    }

    /// For all files of one call together.
    var totalSeconds: Int { limits.totalSeconds }

    private func order(_ url: String) -> DownloadOrder {
        var order = DownloadOrder(url: url, addresses: addresses, maximumBytes: limits.maximumBytes)
        order.totalTimeoutSeconds = limits.totalSeconds
        order.minimumBytesPerSecond = limits.minimumBytesPerSecond
        order.maximumRedirects = limits.maximumRedirects
        return order
    }

    fileprivate static let notMedia = UploadFault(
        .unsupportedMediaType, "What the URL answers is no image or video that is accepted here.")
    private static let noFile = UploadFault(.urlUnreachable, "The server answered without a file.")
}

/// Who may fetch now. Whoever comes when all threads are busy, or has his share of them, is told to come again, instead
/// of waiting in a line that nobody bounds.
private final class FetchAdmission: Sendable {
    private let maximumAtOnce: Int
    private let running = Mutex<[TenantID: Int]>([:])

    init(maximumAtOnce: Int) { self.maximumAtOnce = maximumAtOnce }

    func enter(_ tenant: TenantID) throws(UploadFault) {
        let isAdmitted = running.withLock { running in
            let own = running[tenant, default: 0]
            guard running.values.reduce(0, +) < maximumAtOnce, own < max(1, maximumAtOnce / 2) else { return false }
            running[tenant] = own + 1
            return true
        }
        guard isAdmitted else {
            throw UploadFault(
                .unavailable, "Too many files are being fetched from elsewhere now; try again.", retryAfterSeconds: 10)
        }
    }

    func leave(_ tenant: TenantID) {
        running.withLock { running in
            let own = running[tenant, default: 1] - 1
            running[tenant] = own > 0 ? own : nil
        }
    }
}

/// Puts what is fetched into an upload, which begins with the head of the answer.
private final class FetchSink: TransferSink {
    private let engine: UploadEngine
    private let formats: MediaFormatTable
    private let tenant: TenantID
    private let begun = Mutex<StreamUpload?>(nil)

    init(engine: UploadEngine, formats: MediaFormatTable, tenant: TenantID) {
        self.engine = engine
        self.formats = formats
        self.tenant = tenant
    }

    var stream: StreamUpload? { begun.withLock { $0 } }

    func began(_ head: TransferHead) async throws(UploadFault) {
        // A type that is none of ours says nothing; then the bytes alone decide.
        let declared = head.contentType.flatMap { MediaType($0) }
            .flatMap { formats.format(of: $0)?.mediaType }
        let stream = try await engine.openDirect(
            tenant: tenant, fileName: Self.name(head.nameHint, declared), declaredType: declared,
            limitBytes: head.lengthBytes, leastBytes: head.lengthBytes ?? 0)
        begun.withLock { $0 = stream }
    }

    func receive(_ bytes: ByteBuffer) async throws(UploadFault) {
        guard let stream else { return }
        try await stream.receive(bytes)
        // The rest of what cannot be taken need not come.
        if stream.isOfNoKnownType { throw ForeignFetcher.notMedia }
    }

    /// The server's name for the file, with the extension of its type.
    private static func name(_ hint: String?, _ declared: MediaType?) -> FileName {
        let fallback = FileName("download")
        guard let name = hint.flatMap(FileName.init) ?? fallback else { preconditionFailure("download is a file name") }
        guard let format = declared.flatMap(MediaFormatTable.known.format(of:)),
            !format.extensions.contains(name.fileExtension ?? "")
        else { return name }
        return FileName(name.text + "." + format.extensions[0]) ?? name
    }
}

/// Ends a download at its head.
private final class HeadOnlySink: TransferSink {
    private let head = Mutex<TransferHead?>(nil)
    private static let enough = UploadFault(.unavailable, "The head is here.")

    static func ask(_ order: DownloadOrder, _ http: OutgoingHTTP) async throws(UploadFault) -> String? {
        let sink = HeadOnlySink()
        do throws(UploadFault) {
            _ = try await http.download(order, into: sink)
        } catch {
            guard sink.head.withLock({ $0 }) != nil else { throw error }
        }
        return sink.head.withLock { $0?.contentType }
    }

    func began(_ head: TransferHead) async throws(UploadFault) {
        self.head.withLock { $0 = head }
        throw Self.enough
    }

    func receive(_ bytes: ByteBuffer) async throws(UploadFault) {}
}
