import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON as a client reads it, to be compared with a literal: equal means the same keys and the same values.
enum Wire: Decodable, Equatable, Sendable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([Wire])
    case object([String: Wire])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([Wire].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: Wire].self))
        }
    }

    /// The body of an answer that must be JSON, whole and not to be kept.
    init(_ reply: Reply, mediaType: String = "application/json") throws {
        #expect(reply.fields[.contentType] == mediaType)
        #expect(reply.fields[.cacheControl] == "no-store")
        self = try JSONDecoder().decode(Wire.self, from: Data(reply.body))
    }

    init(text: String) throws { self = try JSONDecoder().decode(Wire.self, from: Data(text.utf8)) }

    /// A member of an object; `nil` for other values too.
    subscript(name: String) -> Wire? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// Names of the members, sorted.
    var keys: [String] {
        guard case .object(let members) = self else { return [] }
        return members.keys.sorted()
    }
}

extension Wire: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(arrayLiteral elements: Wire...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, Wire)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension Reply {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a call that must be refused was refused with.
func fault<Value>(_ call: () throws(UploadFault) -> Value) throws -> UploadFault {
    var caught: UploadFault?
    do throws(UploadFault) { _ = try call() } catch { caught = error }
    return try #require(caught, "nothing was refused")
}

/// Uploads to answer about. All happen at 2024-02-13T10:00:00Z.
enum Samples {
    static let moment = Timestamp(milliseconds: 1_707_818_400_000)
    static let idText = "abcdefghijklmnopqrstuvwxy-_"
    static let address = PublicAddress(base: "https://up.example.com")
    static let crc = CRC32C(0xC994_65AA)
    /// The digest of no bytes.
    static let sha256Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let sha256Base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

    /// Ten parts of 100 bytes are announced, none is here.
    static func open(
        name: String = "test.mov", type: String? = "video/quicktime",
        layout: PartLayout = PartLayout(partSizeBytes: 100, partCount: 10, sizeBytes: 1000)
    ) throws -> UploadRecord {
        UploadRecord(
            fileID: try #require(FileID(idText)), tenant: .default, fileName: try #require(FileName(name)),
            declaredType: try type.map { try #require(MediaType($0)) }, layout: layout, maximumBytes: 5000,
            state: .granted, createdAt: moment, expiresAt: moment.adding(seconds: 3600))
    }

    static func complete(
        name: String = "test.mov", type: String? = "video/quicktime", sizeBytes: Int64 = 1000, withSHA256: Bool = false
    ) throws -> UploadRecord {
        var upload = try open(name: name, type: type)
        upload.state = .complete
        upload.layout.sizeBytes = sizeBytes
        upload.receivedBytes = sizeBytes
        upload.completedAt = moment.adding(seconds: 60)
        upload.crc32c = crc
        upload.sha256 = withSHA256 ? Digest(.sha256, hex: sha256Hex) : nil
        return upload
    }
}
