import CCurl
import UploadModel

/// What follows what in a download: redirects, limits, going on after a break. No I/O, no clock.
struct DownloadMachine: Sendable {
    /// What to ask next.
    struct Question: Hashable, Sendable {
        var url: FetchURL
        /// `Range` and `If-Range`, when it goes on.
        var fields: [HeaderField]
    }

    enum HeadAction: Hashable, Sendable {
        /// The file begins: tell the sink, then take the bytes.
        case begin(TransferHead)
        /// The file goes on where it broke off: take the bytes.
        case goOn
        /// Leave this hop and ask the next question.
        case follow
        case fail(TransferFault)
    }

    enum EndAction: Hashable, Sendable {
        case complete(DownloadSummary)
        /// Wait so long, then ask the next question.
        case tryAgain(afterMilliseconds: Int)
        case fail(TransferFault)
    }

    private let order: DownloadOrder
    private let given: FetchURL
    private(set) var question: Question
    private var redirects = 0
    private var attempts = 1
    private var receivedBytes: Int64 = 0
    private var file: FileState?

    /// What has to be the same in every later attempt.
    private struct FileState {
        let lengthBytes: Int64?
        let entityTag: String?
        let lastModified: String?
        /// What `If-Range` names; `nil` when nothing would prove that the file is the same.
        let validator: String?
    }

    /// - Throws: `refused` when the URL is none that may be asked.
    init(_ order: DownloadOrder) throws(TransferFault) {
        self.order = order
        given = try FetchURL(order.url)
        question = Question(url: given, fields: [])
    }

    // MARK: - Events

    mutating func answered(_ head: AnswerHead) -> HeadAction {
        if let location = head.redirect { return follow(location) }
        if let file { return goOn(head, file) }
        guard (200...299).contains(head.status), ![204, 205, 206].contains(head.status) else {
            return .fail(TransferFault(.unreachable, "The server answered \(head.status)."))
        }
        guard !head.isEncoded else {
            return .fail(TransferFault(.unreachable, "The server sent the file in a coding that was not asked for."))
        }
        return begin(head)
    }

    /// - Returns: what is wrong with so many bytes more; they must not be used then.
    mutating func received(_ count: Int) -> TransferFault? {
        receivedBytes += Int64(count)
        guard receivedBytes <= order.maximumBytes else { return tooLarge }
        if let length = file?.lengthBytes, receivedBytes > length {
            return TransferFault(.unreachable, "The server sent more bytes than it had announced.")
        }
        return nil
    }

    mutating func ended(_ end: HopEnd, remainingMilliseconds: Int) -> EndAction {
        switch end {
        case .stopped: return .fail(.stopped)
        case .whole:
            guard let file else { return .fail(TransferFault(.unreachable, "The server gave no answer.")) }
            guard file.lengthBytes == nil || file.lengthBytes == receivedBytes else {
                return broken(HopFailure(.brokenOff, cause: "fewer bytes than announced"), remainingMilliseconds)
            }
            return .complete(DownloadSummary(receivedBytes: receivedBytes, attempts: attempts))
        case .failed(let failure): return broken(failure, remainingMilliseconds)
        }
    }

    // MARK: - Steps

    private mutating func follow(_ location: String) -> HeadAction {
        redirects += 1
        guard redirects <= order.maximumRedirects else {
            return .fail(
                TransferFault(.unreachable, "The URL redirects more than \(order.maximumRedirects) times."))
        }
        do throws(TransferFault) {
            question.url = try question.url.following(location)
            return .follow
        } catch {
            return .fail(error)
        }
    }

    private mutating func begin(_ head: AnswerHead) -> HeadAction {
        let length: Int64?
        switch head.length {
        case .unknown: length = nil
        case .unusable:
            return .fail(TransferFault(.unreachable, "The server gives the file a length that is no number."))
        case .bytes(let bytes):
            guard bytes <= order.maximumBytes else { return .fail(tooLarge) }
            length = bytes
        }
        let tag = head.fields.value("ETag")
        let modified = head.fields.value("Last-Modified")
        file = FileState(
            lengthBytes: length, entityTag: tag, lastModified: modified,
            validator: Self.validator(tag: tag, modified: modified, date: head.fields.value("Date")))
        return .begin(
            TransferHead(
                contentType: head.fields.value("Content-Type"), lengthBytes: length, entityTag: tag,
                lastModified: modified, effectiveURL: question.url.text,
                nameHint: NameHint.of(
                    disposition: head.fields.value("Content-Disposition"), path: question.url.path)))
    }

    private func goOn(_ head: AnswerHead, _ file: FileState) -> HeadAction {
        guard head.status == 206, let length = file.lengthBytes,
            Self.contentRange(head.fields.value("Content-Range"))
                == ContentRange(
                    first: receivedBytes, last: length - 1, lengthBytes: length),
            head.length == .unknown || head.length == .bytes(length - receivedBytes), !head.isEncoded,
            Self.agree(head.fields.value("ETag"), file.entityTag),
            Self.agree(head.fields.value("Last-Modified"), file.lastModified)
        else {
            return .fail(
                TransferFault(
                    .unreachable, "The connection broke off, and the server has another file now or cannot go on.",
                    cause: "answer \(head.status) to a range"))
        }
        return .goOn
    }

    private mutating func broken(_ failure: HopFailure, _ remainingMilliseconds: Int) -> EndAction {
        guard failure.isPassing, let file, file.lengthBytes != nil, let validator = file.validator, receivedBytes > 0,
            attempts < order.maximumAttempts
        else { return .fail(failure.fault) }
        // Doubled each time; a shift that is no longer sensible is far beyond any budget.
        let pause = order.backOffMilliseconds << min(attempts - 1, 20)
        guard pause < remainingMilliseconds else {
            return .fail(HopFailure(.late, cause: "no time for another attempt; \(failure.cause)").fault)
        }
        attempts += 1
        // From the start: where a redirect led to may have had its time.
        redirects = 0
        question = Question(
            url: given,
            fields: [HeaderField("Range", "bytes=\(receivedBytes)-"), HeaderField("If-Range", validator)])
        return .tryAgain(afterMilliseconds: pause)
    }

    private var tooLarge: TransferFault {
        TransferFault(
            .tooLarge, "The file of the URL is larger than \(order.maximumBytes) bytes, the most allowed here.")
    }

    // MARK: - Fields

    /// RFC 9110 section 13.1.5: a strong tag; a date only where there is no tag, and where the answer is a second
    /// younger than the file, so that no other file can have the same date (section 8.8.2.2).
    private static func validator(tag: String?, modified: String?, date: String?) -> String? {
        if let tag {
            let isStrong = tag.hasPrefix("\"") && tag.count >= 2 && tag.hasSuffix("\"")
            return isStrong && HeaderField("If-Range", tag).isSendable ? tag : nil
        }
        guard let modified, let date, HeaderField("If-Range", modified).isSendable else { return nil }
        let (changed, asked) = (curl_getdate(modified, nil), curl_getdate(date, nil))
        return changed >= 0 && asked > changed ? modified : nil
    }

    /// A field that is missing contradicts nothing.
    private static func agree(_ now: String?, _ before: String?) -> Bool {
        now == nil || before == nil || now == before
    }

    private struct ContentRange: Hashable {
        let first: Int64
        let last: Int64
        let lengthBytes: Int64
    }

    /// `bytes 5-9/10` (RFC 9110 section 14.4); `nil` for anything else.
    private static func contentRange(_ value: String?) -> ContentRange? {
        guard let value, value.lowercased().hasPrefix("bytes ") else { return nil }
        let numbers = value.dropFirst("bytes ".count).split(
            maxSplits: 2, omittingEmptySubsequences: false, whereSeparator: { $0 == "-" || $0 == "/" })
        guard numbers.count == 3, let first = Int64(numbers[0]), let last = Int64(numbers[1]),
            let length = Int64(numbers[2])
        else { return nil }
        return ContentRange(first: first, last: last, lengthBytes: length)
    }
}
