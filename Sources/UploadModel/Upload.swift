/// Where an upload stands. Stored by name; names never change meaning.
package enum UploadState: String, Hashable, Sendable, CaseIterable {
    /// A link was issued; nothing arrived yet.
    case granted
    /// Bytes may come, or are coming.
    case receiving
    /// Every byte is here, checked and durable: a file.
    case complete
    /// Ended by bad bytes or a broken one-shot transfer. Its link is used up.
    case failed
    /// Ended by its owner.
    case aborted
    /// Ended by its age.
    case expired

    /// Whether bytes may still be added.
    package var isOpen: Bool { self == .granted || self == .receiving }
}

/// How the bytes of an upload are addressed. Stored by name; names never change meaning.
package enum UploadWay: String, Hashable, Sendable, CaseIterable {
    /// By numbered parts, or as one stream that is whole or nothing.
    case parts
    /// In order, each request beginning where the one before it ended.
    case sequential
    /// The same, but never a file of its own: a piece of a ``joined`` one.
    case partial
    /// Not by bytes: made of ``partial`` uploads.
    case joined
}

/// How an upload is cut into parts. What is not known yet is `nil` and is learned as parts come.
package struct PartLayout: Hashable, Sendable {
    /// Bytes of every part but the last.
    package var partSizeBytes: Int64?
    /// How many parts make the file.
    package var partCount: Int?
    /// Bytes of the whole file.
    package var sizeBytes: Int64?

    package init(partSizeBytes: Int64? = nil, partCount: Int? = nil, sizeBytes: Int64? = nil) {
        self.partSizeBytes = partSizeBytes
        self.partCount = partCount
        self.sizeBytes = sizeBytes
    }
}

/// A part that is stored and recorded.
package struct StoredPart: Hashable, Sendable {
    /// From 1.
    package let number: Int
    package let range: ByteRange
    package let crc32c: CRC32C
    /// What the byte store needs to find the part again; the store's own words.
    package let token: PieceToken

    package init(number: Int, range: ByteRange, crc32c: CRC32C, token: PieceToken) {
        self.number = number
        self.range = range
        self.crc32c = crc32c
        self.token = token
    }
}

/// What a byte store answers for a stored piece and is given back when the object is published: empty for
/// bytes at their final place, a key for bytes kept aside, an entity tag in an object store.
package struct PieceToken: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// The bytes stand at their final place.
    package static let inPlace = PieceToken("")
}

/// Where the bytes of a ``UploadWay/partial`` upload stand that was given its place before the first of them came: in the
/// object of the upload that it is a piece of. They are that one's bytes, and end with it.
package struct UploadHome: Hashable, Sendable {
    /// The ``UploadWay/joined`` upload.
    package let fileID: FileID
    /// Where the first byte of the piece stands in its object.
    package let startBytes: Int64

    package init(fileID: FileID, startBytes: Int64) {
        self.fileID = fileID
        self.startBytes = startBytes
    }
}

/// An upload as the catalog holds it.
package struct UploadRecord: Hashable, Sendable {
    package var fileID: FileID
    package var tenant: TenantID
    /// What the client calls it in the chunks API.
    package var alias: UploadAlias?
    package var objectKey: ObjectKey
    package var way: UploadWay
    /// The uploads that a ``UploadWay/joined`` one is made of, in order; at most ``maximumJoinCount``.
    package var joins: [FileID] = []
    /// Of a piece whose bytes go to their place in another upload's object: ``objectKey`` is that one's then.
    package var home: UploadHome?
    package var fileName: FileName
    /// What the client says of the file; at most ``UploadLimits/maximumDescriptionCharacters``.
    package var description: String?
    /// The image that this file is a resized copy of; copies are left out of lists and go with their original.
    package var originalID: FileID?
    /// The type the client declared; `nil` where its dialect has no place to say so.
    package var declaredType: MediaType?
    /// The type that the bytes have, once the first of them were seen.
    package var detectedType: MediaType?
    package var layout: PartLayout
    /// The most bytes this upload may have.
    package var maximumBytes: Int64
    /// The digests that the whole file must have, as far as its client named any; of a complete one it has them.
    package var expectedDigests: [DigestAlgorithm: Digest]
    /// The client's own words, a JSON object; at most ``UploadLimits/maximumMetadataBytes``, and the list of what a
    /// ``UploadWay/joined`` one is made of besides.
    package var metadataJSON: String?
    package var state: UploadState
    /// Bytes that are stored and recorded.
    package var receivedBytes: Int64
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    /// When the one-shot link was used.
    package var claimedAt: Timestamp?
    package var completedAt: Timestamp?
    /// Of the whole file, from completion on.
    package var crc32c: CRC32C?
    package var sha256: Digest?

    package init(
        fileID: FileID, tenant: TenantID, alias: UploadAlias? = nil, objectKey: ObjectKey = .random(),
        way: UploadWay = .parts, fileName: FileName,
        description: String? = nil, originalID: FileID? = nil, declaredType: MediaType?,
        detectedType: MediaType? = nil, layout: PartLayout,
        maximumBytes: Int64, expectedDigests: [DigestAlgorithm: Digest] = [:], metadataJSON: String? = nil,
        state: UploadState, receivedBytes: Int64 = 0, createdAt: Timestamp, expiresAt: Timestamp,
        claimedAt: Timestamp? = nil, completedAt: Timestamp? = nil, crc32c: CRC32C? = nil, sha256: Digest? = nil
    ) {
        self.fileID = fileID
        self.tenant = tenant
        self.alias = alias
        self.objectKey = objectKey
        self.way = way
        self.fileName = fileName
        self.description = description
        self.originalID = originalID
        self.declaredType = declaredType
        self.detectedType = detectedType
        self.layout = layout
        self.maximumBytes = maximumBytes
        self.expectedDigests = expectedDigests
        self.metadataJSON = metadataJSON
        self.state = state
        self.receivedBytes = receivedBytes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.claimedAt = claimedAt
        self.completedAt = completedAt
        self.crc32c = crc32c
        self.sha256 = sha256
    }

    /// Uploads that may be joined to one file.
    package static let maximumJoinCount = 1000

    /// Where its first byte stands in its object.
    package var baseBytes: Int64 { home?.startBytes ?? 0 }

    /// The digests of a complete file that are known without reading it.
    package var knownDigests: [DigestAlgorithm: Digest] {
        guard state == .complete else { return [:] }
        var known = expectedDigests
        known[.crc32c] = crc32c.map(Digest.init)
        if let sha256 { known[.sha256] = sha256 }
        return known
    }

    /// Whether all bytes of an upload of known size are here.
    package var isFull: Bool { layout.sizeBytes == receivedBytes }

    /// The type the file is served as: declared, else detected, else unknown.
    package var mediaType: MediaType { declaredType ?? detectedType ?? .octetStream }

    /// The name the file is served by: what the client called it, with the extension of its type where the client's
    /// dialect had no place to declare one and the name says nothing (slices of a file are called anything).
    package var servedName: FileName {
        guard declaredType == nil, let format = MediaFormatTable.known.format(of: mediaType),
            !format.extensions.contains(fileName.fileExtension ?? ""),
            let name = FileName(fileName.text + "." + format.extensions[0])
        else { return fileName }
        return name
    }
}
