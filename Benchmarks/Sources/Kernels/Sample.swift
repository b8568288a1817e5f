import HTTPTypes
import UploadGrants
import UploadModel
import UploadProtocols

/// What the kernels work on: one upload as a gateway sees many.
enum Sample {
    static let moment = Timestamp(milliseconds: 1_707_818_400_000)
    static let address = PublicAddress(base: "https://up.example.com")
    static let checksum = CRC32C(0xC994_65AA)
    static let requestID = "00c0ffee00c0ffee"

    static func fileID() throws -> FileID { try made(FileID("abcdefghijklmnopqrstuvwxy-_"), "a file id") }

    static func quickTime() throws -> MediaType { try made(MediaType("video/quicktime"), "a media type") }

    /// - Parameter layout: of the parts that were announced.
    static func upload(_ layout: PartLayout, state: UploadState = .receiving) throws -> UploadRecord {
        let key = try made(ObjectKey("zyxwvutsrqponmlkjihgfedcb-_"), "an object key")
        return UploadRecord(
            fileID: try fileID(), tenant: .default, objectKey: key,
            fileName: try made(FileName("holiday (2) on the lake.mov"), "a file name"),
            declaredType: try quickTime(), layout: layout, maximumBytes: 128 << 30, state: state,
            createdAt: moment, expiresAt: moment.adding(seconds: 3600))
    }

    static func complete(sizeBytes: Int64) throws -> UploadRecord {
        var upload = try upload(PartLayout(sizeBytes: sizeBytes), state: .complete)
        upload.receivedBytes = sizeBytes
        upload.completedAt = moment.adding(seconds: 60)
        upload.crc32c = checksum
        return upload
    }

    /// A ring of two keys, as after a rotation; the secrets are of no use to anybody.
    static func keyRing() throws -> KeyRing {
        let records = try ["older-01", "newer-01"].enumerated().map { index, name in
            GrantKeyRecord(
                id: try made(GrantKeyID(name), "a key id"), secret: bytes(32, seed: UInt64(index)),
                createdAt: moment.adding(seconds: Int64(index)))
        }
        return try made(KeyRing(records), "a key ring")
    }

    /// A head with the fields that curl and a proxy send, and some more.
    static func head(
        _ method: HTTPRequest.Method, _ target: String, _ more: [(HTTPField.Name, String)]
    ) -> HTTPRequest {
        var head = HTTPRequest(method: method, scheme: "https", authority: "up.example.com", path: target)
        head.headerFields[.userAgent] = "curl/7.88.1"
        head.headerFields[.accept] = "*/*"
        head.headerFields[.contentLength] = "4096"
        for (name, value) in more { head.headerFields[name] = value }
        return head
    }

    /// Bytes that look random and are always the same.
    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = Sequence(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 32) }
    }

    /// `1...count` in an order that looks random and is always the same.
    static func shuffled(_ count: Int) -> [Int] {
        var generator = Sequence(seed: 7)
        return (1...count).shuffled(using: &generator)
    }

    /// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (SplitMix64).
    private struct Sequence: RandomNumberGenerator {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
