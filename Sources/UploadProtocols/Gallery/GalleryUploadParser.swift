package import UploadModel

/// What was found in the body of `POST /api/media/upload`, in its order.
package enum GalleryUploadEvent: Hashable, Sendable {
    /// The text of `file` began. The type is what its data URI says, `nil` when it is plain base64 or says none.
    case fileBegan(dataURIType: MediaType?)
    /// Decoded bytes of the file: ``GalleryUploadParser/batchBytes`` of them, the last time fewer. Never empty.
    case bytes([UInt8])
    case fileEnded
    /// Another member: its text, `true`, `false`, or a number as it was written.
    case field(name: String, value: String)
}

/// Reads `{"file": …, "fileName": …, "description": …}` as it arrives and decodes `file` on the way.
///
/// `file` is base64 or a data URI with it (RFC 2397). Members come in any order, each at most once; those that are
/// `null` count as absent, arrays and objects under unknown names are checked and skipped. The file's bytes have no
/// limit here: their reader sets one. Held are at most one batch of them and the text of one member.
///
/// A value: a copy reads on from the same place. However the input is cut into feeds, the events are the same. After a
/// fault, every further call throws that fault again.
package struct GalleryUploadParser: Sendable {
    /// From `data:` to the comma, both included.
    package static let maximumDataURIHeadBytes = 256
    /// Of decoded bytes in one event.
    package static let batchBytes = Base64Decoder.batchBytes

    private enum Progress: Equatable {
        case beforeFile
        /// So far the text of `file` may begin a data URI.
        case inHead([UInt8])
        case inFile
        case behindFile
        case failed(GalleryUploadFault)
    }

    private static let fileName = "file"
    private static let textNames: Set<String> = ["fileName", "description"]

    private var reader: JSONObjectReader
    private var decoder = Base64Decoder()
    private var progress = Progress.beforeFile
    /// Bytes of the text of `file` that were read.
    private var textBytes = 0

    /// - Parameter maximumFieldBytes: what the names of all members and the values of all but `file` may have
    ///   together; each member counts 64 bytes besides.
    package init(maximumFieldBytes: Int) {
        reader = JSONObjectReader(streaming: Self.fileName, maximumTextBytes: maximumFieldBytes)
    }

    /// Reads on.
    ///
    /// - Parameters:
    ///   - bytes: what arrived; may be empty. Not kept.
    ///   - events: what was found is appended; on a fault, what was found before it.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ events: inout [GalleryUploadEvent]
    ) throws(GalleryUploadFault) {
        if case .failed(let fault) = progress { throw fault }
        var position = 0
        do throws(GalleryUploadFault) {
            while let token = try nextToken(bytes, &position) { try accept(token, bytes, &events) }
        } catch {
            progress = .failed(error)
            throw error
        }
    }

    /// The input is over; a fault when the object is not, or when it had no file.
    package mutating func end() throws(GalleryUploadFault) {
        if case .failed(let fault) = progress { throw fault }
        do throws(JSONFault) { try reader.end() } catch { progress = .failed(.json(error)) }
        if progress == .beforeFile { progress = .failed(.fileMissing) }
        if case .failed(let fault) = progress { throw fault }
    }

    private mutating func nextToken(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(GalleryUploadFault) -> JSONObjectReader.Token? {
        do throws(JSONFault) { return try reader.next(bytes, &position) } catch { throw .json(error) }
    }

    private mutating func accept(
        _ token: JSONObjectReader.Token, _ bytes: UnsafeRawBufferPointer, _ events: inout [GalleryUploadEvent]
    ) throws(GalleryUploadFault) {
        switch token {
        case .streamBegan: progress = .inHead([])
        case .streamRun(let range): try readFile(UnsafeRawBufferPointer(rebasing: bytes[range]), &events)
        case .streamScalar(let scalar):
            // One beyond ASCII is refused at its first byte, as it is when it is not escaped.
            let byte = UTF8.encode(scalar)?.first ?? 0
            if let fault = withUnsafeBytes(of: byte, { faultOfReading($0, &events) }) { throw fault }
        case .streamEnded: try endFile(&events)
        case .null: break
        case .flag(Self.fileName, _), .number(Self.fileName, _), .nested(Self.fileName, _): throw .fileNotText
        case .text(let name, let text): events.append(.field(name: name, value: text))
        case .flag(let name, let flag): events.append(.field(name: name, value: flag ? "true" : "false"))
        case .number(let name, let digits): events.append(.field(name: name, value: digits))
        case .nested(let name, _):
            if Self.textNames.contains(name) { throw .fieldNotText(name: name) }
        }
    }

    // MARK: The text of the file

    /// As ``readFile(_:_:)``, for closures that cannot throw a closed type.
    private mutating func faultOfReading(
        _ text: UnsafeRawBufferPointer, _ events: inout [GalleryUploadEvent]
    ) -> GalleryUploadFault? {
        do throws(GalleryUploadFault) {
            try readFile(text, &events)
            return nil
        } catch {
            return error
        }
    }

    private mutating func readFile(
        _ text: UnsafeRawBufferPointer, _ events: inout [GalleryUploadEvent]
    ) throws(GalleryUploadFault) {
        var position = 0
        while position < text.count, case .inHead(let head) = progress {
            try readHead(text[position], head, &events)
            position += 1
        }
        let start = textBytes - position
        do throws(Base64Fault) {
            while let batch = try decoder.decode(text, from: &position) { events.append(.bytes(batch)) }
        } catch {
            throw Self.fault(error, at: start + position)
        }
        textBytes = start + text.count
    }

    /// Looks whether the text begins a data URI, and reads its head if it does.
    private mutating func readHead(
        _ byte: UInt8, _ head: [UInt8], _ events: inout [GalleryUploadEvent]
    ) throws(GalleryUploadFault) {
        textBytes += 1
        let head = head + [byte]
        guard DataURIHead.mayBegin(with: head) else {
            try beginPlain(head, &events)
            return
        }
        if byte == UInt8(ascii: ",") {
            let type = try DataURIHead(head.dropLast()).mediaType
            progress = .inFile
            events.append(.fileBegan(dataURIType: type))
        } else if head.count < Self.maximumDataURIHeadBytes {
            progress = .inHead(head)
        } else {
            throw .dataURITooLong(limitBytes: Self.maximumDataURIHeadBytes)
        }
    }

    /// It is no data URI after all: what was held of it is base64.
    private mutating func beginPlain(
        _ text: [UInt8], _ events: inout [GalleryUploadEvent]
    ) throws(GalleryUploadFault) {
        progress = .inFile
        textBytes -= text.count
        events.append(.fileBegan(dataURIType: nil))
        if let fault = text.withUnsafeBytes({ faultOfReading($0, &events) }) { throw fault }
    }

    private mutating func endFile(_ events: inout [GalleryUploadEvent]) throws(GalleryUploadFault) {
        if case .inHead(let head) = progress {
            guard head.count < DataURIHead.scheme.count else { throw .dataURIMalformed }
            try beginPlain(head, &events)
        }
        do throws(Base64Fault) {
            if let batch = try decoder.finish() { events.append(.bytes(batch)) }
        } catch {
            throw Self.fault(error, at: textBytes)
        }
        events.append(.fileEnded)
        progress = .behindFile
    }

    private static func fault(_ fault: Base64Fault, at offset: Int) -> GalleryUploadFault {
        switch fault {
        case .foreignByte(let byte): .notBase64(byte, offsetBytes: offset)
        case .paddingMisplaced: .paddingMisplaced(offsetBytes: offset)
        case .cutShort: .base64CutShort
        }
    }
}
