package import HTTPTypes
package import UploadModel

/// Answers of Resumable Uploads for HTTP, each in the words of its request's version.
package enum ResumableReplies {
    // MARK: Interim answers

    /// Draft, "Status Code 104".
    private static let resumptionSupported = HTTPResponse.Status(
        code: 104, reasonPhrase: "Upload Resumption Supported")

    private static func interim(_ version: ResumableVersion) -> HTTPResponse? {
        guard let interop = version.interop else { return nil }
        return HTTPResponse(
            status: resumptionSupported, headerFields: [.uploadDraftInteropVersion: String(interop)])
    }

    /// Where an upload goes on should its connection break; `nil` for who did not ask for interim answers.
    package static func announcement(
        location: String, limits: ResumableLimits, _ version: ResumableVersion
    ) -> HTTPResponse? {
        guard var head = interim(version) else { return nil }
        head.headerFields[.location] = location
        head.headerFields[.uploadLimit] = limits.fieldValue(version)
        return head
    }

    /// How many bytes are safely here, without `Location` (draft, "Upload Append"); `nil` as above, and for versions
    /// that do not know it.
    package static func progress(_ offset: Int64, _ version: ResumableVersion) -> HTTPResponse? {
        guard version.tellsProgress, var head = interim(version) else { return nil }
        head.headerFields[.uploadOffset] = String(offset)
        return head
    }

    // MARK: Final answers

    /// What may be uploaded here, and that it may be resumed.
    package static func discovery(_ limits: ResumableLimits, _ version: ResumableVersion) -> Reply {
        var reply = Reply(.noContent)
        reply.fields[.uploadLimit] = limits.fieldValue(version)
        // Asked for by drafts up to -11.
        reply.fields[.acceptPatch] = ResumableAppend.mediaType
        return reply
    }

    /// Draft, "Offset Retrieval". Of a complete upload it tells besides what its final answer told.
    ///
    /// - Parameter location: where the upload goes on, if it was asked for at another place.
    package static func offset(
        _ upload: UploadRecord, limits: ResumableLimits, location: String? = nil, address: PublicAddress,
        _ version: ResumableVersion
    ) -> Reply {
        var reply = state(.noContent, upload, limits, version)
        reply.fields[.uploadOffset] = String(upload.receivedBytes)
        let length = upload.layout.sizeBytes ?? (upload.state == .complete ? upload.receivedBytes : nil)
        reply.fields[.uploadLength] = length.map { String($0) }
        reply.fields[.location] = location
        if upload.state == .complete {
            reply.fields[.eTag] = EntityTag(of: upload)?.description
            reply.fields[.reprDigest] = DigestField.serialize(upload.knownDigests.values)
            reply.fields[.contentLocation] = address.accessURL(upload)
        }
        return reply
    }

    /// 201: the upload is created, and more is to come.
    package static func created(
        _ upload: UploadRecord, location: String, limits: ResumableLimits, _ version: ResumableVersion
    ) -> Reply {
        var reply = appended(upload, limits: limits, version)
        reply.status = .created
        reply.fields[.location] = location
        return reply
    }

    /// The content is safely here, and more is to come.
    package static func appended(
        _ upload: UploadRecord, limits: ResumableLimits, _ version: ResumableVersion
    ) -> Reply {
        var reply = state(version.appendedStatus, upload, limits, version)
        if version.answersOffset { reply.fields[.uploadOffset] = String(upload.receivedBytes) }
        return reply
    }

    /// The answer of an upload that is complete, the same for the request that ended it and for its repetition.
    ///
    /// - Parameters:
    ///   - answer: what the same file gets that comes in one piece.
    ///   - digests: those of the file that were made for this answer.
    package static func completed(
        _ answer: Reply, _ upload: UploadRecord, digests: [DigestAlgorithm: Digest] = [:], _ version: ResumableVersion
    ) -> Reply {
        var reply = answer
        version.setEnd(true, in: &reply.fields)
        reply.fields[.reprDigest] = DigestField.serialize(upload.knownDigests.adding(digests).values)
        reply.fields[.cacheControl] = "no-store"
        if version.answersOffset { reply.fields[.uploadOffset] = String(upload.receivedBytes) }
        return reply
    }

    /// The final answer of a request that began the upload and ended it: its `Location` is that of every answer before.
    package static func ended(_ completed: Reply, location: String) -> Reply {
        var reply = completed
        reply.fields[.location] = location
        return reply
    }

    private static func state(
        _ status: HTTPResponse.Status, _ upload: UploadRecord, _ limits: ResumableLimits, _ version: ResumableVersion
    ) -> Reply {
        var reply = Reply(status)
        version.setEnd(upload.state == .complete, in: &reply.fields)
        reply.fields[.uploadLimit] = limits.fieldValue(version)
        reply.fields[.cacheControl] = "no-store"
        return reply
    }
}
