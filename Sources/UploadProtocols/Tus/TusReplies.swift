import HTTPTypes
package import UploadModel

/// Answers of `/files`.
package enum TusReplies {
    /// What every answer carries (core protocol, "Tus-Resumable"); none may be kept.
    static let always: HTTPFields = [.tusResumable: TusProtocol.version, .cacheControl: "no-store"]

    /// 204: what the server can (core protocol, "OPTIONS").
    ///
    /// - Parameter grantedBytes: what a granted URL takes at most; `nil` for who has a key.
    package static func abilities(limits: UploadLimits, grantedBytes: Int64? = nil) -> Reply {
        var reply = Reply(.noContent, fields: always)
        reply.fields[.tusVersion] = TusProtocol.version
        let extensions = grantedBytes == nil ? TusProtocol.extensions : TusProtocol.grantedExtensions
        reply.fields[.tusExtension] = extensions.joined(separator: ",")
        reply.fields[.tusMaxSize] = String(grantedBytes ?? limits.largestFileBytes)
        reply.fields[.tusChecksumAlgorithm] = TusChecksum.algorithms.map(\.name).joined(separator: ",")
        return reply
    }

    /// 201 (creation extension).
    ///
    /// - Parameter tookBytes: whether the request brought bytes; the answer then says how many are safe.
    package static func created(_ upload: UploadRecord, tookBytes: Bool, location: String) -> Reply {
        var reply = Reply(.created, fields: always)
        reply.fields[.location] = location
        if tookBytes { reply.fields[.tusOffset] = String(upload.receivedBytes) }
        reply.fields[.tusExpires] = expiry(upload)
        return reply
    }

    /// 204: the bytes up to the new offset are durable (core protocol, "PATCH").
    package static func stored(_ upload: UploadRecord) -> Reply {
        var reply = Reply(.noContent, fields: always)
        reply.fields[.tusOffset] = String(upload.receivedBytes)
        reply.fields[.tusExpires] = expiry(upload)
        return reply
    }

    /// 200 without a body (core protocol, "HEAD"; of the concatenation extension, "HEAD").
    ///
    /// - Parameter location: where the upload goes on, if it was asked for at another place.
    package static func standing(_ upload: UploadRecord, location: String? = nil) -> Reply {
        var reply = Reply(.ok, fields: always)
        reply.fields[.location] = location
        let isJoining = upload.way == .joined && upload.state != .complete
        if !isJoining { reply.fields[.tusOffset] = String(upload.receivedBytes) }
        if let sizeBytes = upload.layout.sizeBytes {
            reply.fields[.tusLength] = String(sizeBytes)
        } else if !isJoining {
            reply.fields[.tusDeferLength] = "1"
        }
        let kept = TusKeepsake(of: upload)?.tus
        reply.fields[.tusMetadata] = kept?.metadata
        if upload.way == .partial || upload.way == .joined { reply.fields[.tusConcat] = kept?.concat }
        reply.fields[.tusExpires] = expiry(upload)
        return reply
    }

    /// 204 (termination extension).
    package static func ended() -> Reply { Reply(.noContent, fields: always) }

    /// Until when more bytes are taken (expiration extension); a file has no such moment.
    private static func expiry(_ upload: UploadRecord) -> String? {
        upload.state.isOpen ? HTTPDate.text(upload.expiresAt) : nil
    }

    /// The status of an error where this dialect has one of its own.
    static func status(_ fault: UploadFault) -> HTTPResponse.Status? {
        switch fault.code {
        // checksum extension.
        case .digestMismatch: HTTPResponse.Status(code: 460, reasonPhrase: "Checksum Mismatch")
        // concatenation extension, "PATCH": a final upload takes no bytes.
        case .wayMismatch: .forbidden
        default: nil
        }
    }

    /// An error: one line of text.
    static func refusal(_ fault: UploadFault, fields: HTTPFields) -> Reply {
        let line = "\(fault.code.rawValue): \(fault.detail)".map { $0.isNewline ? " " : $0 }
        var reply = Reply(status(fault) ?? fault.status, fields: fields, body: Array(String(line).utf8) + [0x0A])
        reply.fields.append(contentsOf: always)
        reply.fields[.contentType] = "text/plain; charset=utf-8"
        // Core protocol, "Tus-Resumable": which versions there are.
        if fault.code == .unsupportedVersion { reply.fields[.tusVersion] = TusProtocol.version }
        return reply
    }
}
