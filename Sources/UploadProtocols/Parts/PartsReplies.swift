import HTTPTypes
package import UploadModel

/// Answers of `/api/v1/uploads`.
package enum PartsReplies {
    private struct Created: Encodable {
        let fileId: String
        let partSize: Int64?
        let partCount: Int?
        let expiresAt: String
        let uploadUrl: String
        let accessUrl: String
    }

    package static func created(_ upload: UploadRecord, uploadURL: String, address: PublicAddress) -> Reply {
        var fields: HTTPFields = [:]
        fields[.location] = address.base + PublicAddress.uploadPath(upload.fileID)
        return .json(
            .created,
            Created(
                fileId: upload.fileID.text, partSize: upload.layout.partSizeBytes,
                partCount: upload.layout.partCount, expiresAt: upload.expiresAt.description, uploadUrl: uploadURL,
                accessUrl: address.accessURL(upload)),
            fields: fields)
    }

    /// 204: the part is durable. The digest is of what was stored, for the client to compare.
    package static func stored(_ crc32c: CRC32C) -> Reply {
        var reply = Reply(.noContent)
        reply.fields[.contentDigest] = DigestField.serialize([Digest(crc32c)])
        return reply
    }

    private struct Part: Encodable {
        let number: Int
        let size: Int64
        let crc32c: String
    }

    private struct Status: Encodable {
        let fileId: String
        let state: String
        let fileName: String
        let contentType: String?
        let size: Int64?
        let receivedBytes: Int64
        let partSize: Int64?
        let partCount: Int?
        let parts: [Part]?
        let missing: [[Int]]?
        let createdAt: String
        let expiresAt: String
        let accessUrl: String
        let digest: DigestBody?
    }

    /// - Parameters:
    ///   - parts: `nil` in lists.
    ///   - missing: closed ranges of part numbers; `nil` in lists.
    private static func status(
        _ upload: UploadRecord, parts: [StoredPart]?, missing: [ClosedRange<Int>]?, address: PublicAddress
    ) -> Status {
        Status(
            fileId: upload.fileID.text, state: upload.state.rawValue, fileName: upload.servedName.text,
            contentType: (upload.declaredType ?? upload.detectedType)?.text, size: upload.layout.sizeBytes,
            receivedBytes: upload.receivedBytes, partSize: upload.layout.partSizeBytes,
            partCount: upload.layout.partCount,
            parts: parts?.map { Part(number: $0.number, size: $0.range.length, crc32c: Digest($0.crc32c).hex) },
            missing: missing?.map { [$0.lowerBound, $0.upperBound] }, createdAt: upload.createdAt.description,
            expiresAt: upload.expiresAt.description, accessUrl: address.accessURL(upload),
            digest: DigestBody(upload))
    }

    package static func status(
        _ upload: UploadRecord, parts: [StoredPart], missing: [ClosedRange<Int>], address: PublicAddress
    ) -> Reply {
        .json(.ok, status(upload, parts: .some(parts), missing: .some(missing), address: address) as Status)
    }

    private struct List: Encodable {
        let uploads: [Status]
        let nextCursor: String?
    }

    /// A page; `next` is the cursor of the one behind it.
    package static func list(_ uploads: [UploadRecord], next: String?, address: PublicAddress) -> Reply {
        .json(
            .ok,
            List(
                uploads: uploads.map { status($0, parts: nil, missing: nil, address: address) as Status },
                nextCursor: next))
    }

    private struct DigestBody: Encodable {
        let crc32c: String
        let sha256: String?

        init?(_ upload: UploadRecord) {
            guard let crc = upload.crc32c else { return nil }
            crc32c = Digest(crc).hex
            sha256 = upload.sha256?.hex
        }
    }

    private struct Completed: Encodable {
        let fileId: String
        let size: Int64
        let contentType: String
        let digest: DigestBody?
        let accessUrl: String
    }

    package static func completed(_ upload: UploadRecord, address: PublicAddress) -> Reply {
        var fields: HTTPFields = [:]
        fields[.eTag] = EntityTag(of: upload)?.description
        return .json(
            .ok,
            Completed(
                fileId: upload.fileID.text, size: upload.receivedBytes, contentType: upload.mediaType.text,
                digest: DigestBody(upload), accessUrl: address.accessURL(upload)),
            fields: fields)
    }
}
