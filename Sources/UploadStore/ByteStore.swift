package import NIOCore
package import UploadModel

/// Where the bytes of uploads stand: the port that a disk or an object store implements.
///
/// An object is *staged* while bytes come and *published* once, when it is whole. Nothing that a reader can
/// reach is ever half there: only the catalog says that a file exists, and it says so after ``publish``.
/// What a conforming type must do is written as tests in `UploadStoreTesting`.
///
/// ## How the port maps to S3 multipart upload
///
/// | here | there |
/// | --- | --- |
/// | ``prepare(_:sizeBytes:)`` | CreateMultipartUpload under the fresh ``ObjectKey`` |
/// | ``writer(of:piece:sizing:)`` | UploadPart; ``PieceSizing/exactly(_:)`` gives the Content-Length that it wants before it starts |
/// | ``PieceReceipt/token`` | the part's ETag; a re-sent part has a new token and replaces, so no range is ever rewritten |
/// | ``spool(sizing:)`` and ``settle(_:in:at:lengthBytes:)`` | an object of its own and UploadPartCopy |
/// | ``publish(_:pieces:)`` | CompleteMultipartUpload with numbers and tokens *from the catalog*, never from a listing (listings may show duplicates); after a time-out HEAD says whether it happened, so publishing again is allowed and answers the same |
/// | ``copy(_:of:into:at:)`` | UploadPartCopy of the source's parts, which are then objects of their own |
/// | ``merged(_:_:)`` | `nil`: every part has its own entity tag |
/// | ``needs`` | at least 5 MiB for each part but the last, at most 10,000 parts, which are numbered |
///
/// Checksums are made from the bytes that passed through and live in the catalog; a store's own entity tags
/// may be empty or made some other way. Arbitration is the catalog's alone: no conditional write is relied on.
package protocol ByteStore: Sendable {
    /// What the store asks of whoever cuts uploads into parts.
    var needs: StoreNeeds { get }

    /// Makes room for an object: after this returns its (empty) existence is durable.
    ///
    /// - Parameters:
    ///   - key: a fresh key; preparing the same key twice is allowed and changes nothing.
    ///   - sizeBytes: the size that the object will have, if known; that much room is then reserved.
    /// - Throws: ``StoreFault/Code/full`` when the room is not there; nothing is left behind then.
    func prepare(_ key: ObjectKey, sizeBytes: Int64?) async throws(StoreFault)

    /// Begins a piece at its final place in a prepared object.
    ///
    /// The caller has made sure that no recorded piece overlaps the place and that nobody else writes there.
    func writer(of key: ObjectKey, piece: PiecePlace, sizing: PieceSizing) async throws(StoreFault)
        -> any PieceWriter

    /// Begins a piece that is kept aside: its place is not known yet, or a recorded piece stands there and
    /// must stay whole until the catalog has the new one. Its receipt's token says where it is.
    func spool(sizing: PieceSizing) async throws(StoreFault) -> any PieceWriter

    /// Puts a spooled piece at its final place, durably, and forgets the spool. The same rules as for
    /// ``writer(of:piece:sizing:)`` hold for the place.
    ///
    /// - Returns: the token of the piece at its place.
    func settle(_ spooled: PieceToken, in key: ObjectKey, at place: PiecePlace, lengthBytes: Int64)
        async throws(StoreFault) -> PieceToken

    /// One piece in the place of two neighbours, where the store need not tell them apart; `nil` where it must.
    func merged(_ earlier: StoredPart, _ later: StoredPart) -> StoredPart?

    /// Copies a range of an object, staged or published, to a place in another, durably; also to another place of the
    /// same. The same rules as for ``writer(of:piece:sizing:)`` hold for the place.
    ///
    /// - Returns: the token of the piece at its place.
    /// - Throws: ``StoreFault/Code/missing`` when one of them is not there.
    func copy(_ range: ByteRange, of source: ObjectKey, into key: ObjectKey, at place: PiecePlace)
        async throws(StoreFault) -> PieceToken

    /// Makes the object whole and readable. Reads and copies nothing, unless a piece was replaced by a spooled one.
    ///
    /// Safe to call again after a crash or a time-out, also with a piece replaced meanwhile. Spooled pieces stay until
    /// ``forget(_:)``: the caller forgets them when the completion is recorded.
    ///
    /// - Parameter pieces: all of them, in order, without gaps, from 0.
    /// - Returns: the size and the checksum, combined from those of the pieces.
    func publish(_ key: ObjectKey, pieces: [StoredPart]) async throws(StoreFault) -> ObjectReceipt

    /// Frees everything that stands under the key, staged or published, and the spooled pieces named.
    /// An unknown key is no error.
    func discard(_ key: ObjectKey, spooled: [PieceToken]) async throws(StoreFault)

    /// Frees spooled pieces that no record names any more. Unknown ones, and tokens of pieces in place, are no error.
    func forget(_ spooled: [PieceToken]) async throws(StoreFault)

    /// Opens a published object for reading.
    ///
    /// - Throws: ``StoreFault/Code/missing`` when it is not there.
    func reader(of key: ObjectKey) async throws(StoreFault) -> any ObjectReader

    /// Bytes that may still be written, or `nil` when the store has no such bound.
    func freeBytes() async throws(StoreFault) -> Int64?

    /// Proves that a byte can be made durable; for readiness.
    func checkWritable() async throws(StoreFault)

    /// Everything that is stored, for comparison with the catalog.
    func inventory() async throws(StoreFault) -> [InventoryEntry]
}

/// What a store asks of part sizes.
package struct StoreNeeds: Hashable, Sendable {
    /// The smallest part that is not the last, in bytes.
    package var minimumPartBytes: Int64
    /// Part sizes that are multiples of this are written fastest.
    package var preferredAlignmentBytes: Int64
    /// The most pieces of one object.
    package var maximumPieces: Int
    /// Whether pieces are told apart by numbers that rise with their places. Several uploads cannot fill one object then:
    /// nobody knows how many pieces each will have.
    package var numbersPieces: Bool

    package init(
        minimumPartBytes: Int64, preferredAlignmentBytes: Int64, maximumPieces: Int, numbersPieces: Bool = false
    ) {
        self.minimumPartBytes = minimumPartBytes
        self.preferredAlignmentBytes = preferredAlignmentBytes
        self.maximumPieces = maximumPieces
        self.numbersPieces = numbersPieces
    }
}

/// Takes the bytes of one piece. Used by one task; must be ended by exactly one of ``finish()`` and ``abandon()``.
package protocol PieceWriter: AnyObject, Sendable {
    /// Which digests to compute besides crc32c; set before the first byte.
    func compute(_ digests: Set<DigestAlgorithm>)

    /// Takes bytes; returns when there is room for more, not when they are stored.
    func append(_ bytes: ByteBuffer) async throws(StoreFault)

    /// Returns when every byte taken is on stable storage. Ends the writer also when it throws; nothing stays then.
    func finish() async throws(StoreFault) -> PieceReceipt

    /// Forgets what was taken. Never fails: what cannot be undone now is garbage for the sweep.
    func abandon() async
}

/// A piece is stored.
package struct PieceReceipt: Hashable, Sendable {
    package let lengthBytes: Int64
    package let crc32c: CRC32C
    /// The others that were asked for.
    package let digests: [DigestAlgorithm: Digest]
    package let token: PieceToken

    package init(lengthBytes: Int64, crc32c: CRC32C, digests: [DigestAlgorithm: Digest], token: PieceToken) {
        self.lengthBytes = lengthBytes
        self.crc32c = crc32c
        self.digests = digests
        self.token = token
    }
}

/// An object is whole.
package struct ObjectReceipt: Hashable, Sendable {
    package let sizeBytes: Int64
    package let crc32c: CRC32C

    package init(sizeBytes: Int64, crc32c: CRC32C) {
        self.sizeBytes = sizeBytes
        self.crc32c = crc32c
    }
}

/// Reads a published object. Ends when it is released.
package protocol ObjectReader: AnyObject, Sendable {
    var sizeBytes: Int64 { get }

    /// Bytes of a range that lies inside the object, at most `range.length` and at least one.
    func read(_ range: ByteRange) async throws(StoreFault) -> ByteBuffer

    /// Digests over the whole object, of each algorithm that is asked for; reads it once from end to end, however many.
    func digests(_ algorithms: Set<DigestAlgorithm>) async throws(StoreFault) -> [DigestAlgorithm: Digest]
}

/// A byte store whose published objects are files of this machine, which other programs can read in place.
package protocol LocallyReadableStore: ByteStore {
    /// The file of a published object; there is none until it is published, nor after it was discarded.
    func localPath(of key: ObjectKey) -> String
}

/// Something that a store holds.
package struct InventoryEntry: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case staged
        case published
        case spooled
    }

    package let key: ObjectKey
    package let kind: Kind
    /// As the store sees it; for a staged object the room that is reserved.
    package let sizeBytes: Int64
    package let modifiedAt: Timestamp

    package init(key: ObjectKey, kind: Kind, sizeBytes: Int64, modifiedAt: Timestamp) {
        self.key = key
        self.kind = kind
        self.sizeBytes = sizeBytes
        self.modifiedAt = modifiedAt
    }
}
