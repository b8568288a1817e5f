import DequeModule
import HTTPTypes
import NIOCore
import UploadEngine
import UploadModel
import UploadProtocols

/// What a form brings, in the order it comes.
enum FormEvent {
    case partBegan(MultipartPartHead)
    case bytes(ByteBuffer)
    case partEnded
}

/// Reads a multipart form as it streams in; file bytes are passed on without a copy.
struct FormReader {
    private let body: RequestBodySource
    private var parser: MultipartParser
    private var events: Deque<FormEvent> = []
    private var isAtEnd = false
    /// What names and texts of all fields may still have together; file bytes do not count.
    private var fieldBudgetBytes: Int
    /// What a field costs besides its text, so that a thousand empty ones are not free.
    private static let fieldCostBytes = 64

    /// - Throws: `invalid_request` when the request is no form.
    init(_ exchange: Exchange, maximumFieldBytes: Int) throws(UploadFault) {
        guard let contentType = exchange.head.headerFields[.contentType],
            let parser = MultipartParser(contentType: contentType)
        else {
            throw UploadFault(
                .invalidRequest, "Send multipart/form-data with a boundary in Content-Type (curl -F does).")
        }
        self.parser = parser
        fieldBudgetBytes = maximumFieldBytes
        body = exchange.body
    }

    /// The next event; `nil` at the end of the request.
    mutating func next() async throws(UploadFault) -> FormEvent? {
        while events.isEmpty {
            guard !isAtEnd else { return nil }
            if let bytes = try await body.next() {
                try parse(bytes)
            } else {
                isAtEnd = true
                do throws(MultipartFault) { try parser.end() } catch { throw Self.fault(error) }
            }
        }
        return events.popFirst()
    }

    private mutating func parse(_ bytes: ByteBuffer) throws(UploadFault) {
        var found: [MultipartEvent] = []
        let fault: MultipartFault? = bytes.withUnsafeReadableBytes { raw in
            do throws(MultipartFault) {
                try parser.feed(raw, &found)
                return nil
            } catch {
                return error
            }
        }
        if let fault { throw Self.fault(fault) }
        for event in found {
            switch event {
            case .partBegan(let head): events.append(.partBegan(head))
            case .bytes(let range):
                guard let slice = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) else {
                    continue
                }
                events.append(.bytes(slice))
            case .carried(let carried): events.append(.bytes(ByteBuffer(bytes: carried)))
            case .partEnded: events.append(.partEnded)
            case .finished: break
            }
        }
    }

    /// The text of the part that just began.
    mutating func text(_ name: String) async throws(UploadFault) -> String {
        var collected: [UInt8] = []
        try charge(name.utf8.count + Self.fieldCostBytes)
        while let event = try await next() {
            switch event {
            case .bytes(let bytes):
                try charge(bytes.readableBytes)
                collected.append(contentsOf: bytes.readableBytesView)
            case .partEnded:
                guard let text = String(validating: collected, as: UTF8.self) else {
                    throw UploadFault(
                        .invalidRequest, "\(name) is not UTF-8.",
                        fields: [FieldFault(field: name, message: "not UTF-8")])
                }
                return text
            case .partBegan: break
            }
        }
        throw UploadFault(.invalidRequest, "The form ended inside a field.")
    }

    /// Reads a field that just began and that nobody asked for away; it counts like the others.
    mutating func skipField(_ name: String) async throws(UploadFault) { _ = try await text(name) }

    /// Moves the bytes of the file part that just began.
    mutating func moveFile(into receiver: any ByteReceiver) async throws(UploadFault) {
        while let event = try await next() {
            switch event {
            case .bytes(let bytes): try await receiver.receive(bytes)
            case .partEnded: return
            case .partBegan: break
            }
        }
    }

    private mutating func charge(_ byteCount: Int) throws(UploadFault) {
        fieldBudgetBytes -= byteCount
        guard fieldBudgetBytes >= 0 else {
            throw UploadFault(.tooLarge, "The text fields of this form are too long.")
        }
    }

    private static func fault(_ fault: MultipartFault) -> UploadFault {
        UploadFault(.invalidRequest, fault.detail)
    }
}
