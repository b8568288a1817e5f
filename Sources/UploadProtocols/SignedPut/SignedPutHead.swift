package import HTTPTypes
package import UploadModel

/// What the head of a body that is a whole file says about it.
package struct SignedPutHead: Hashable, Sendable {
    /// Digests the file must have.
    package let expected: [DigestAlgorithm: Digest]
    /// Digests the answer is to carry.
    package let wanted: Set<DigestAlgorithm>

    /// - Throws: `content_type_mismatch`, `invalid_request`.
    package init(_ head: HTTPRequest, granted: MediaType) throws(UploadFault) {
        try Self.check(head, granted: granted)
        expected = try BodyDigests.expected(head, names: [.reprDigest, .contentDigest])
        wanted = BodyDigests.wanted(head, names: [.wantReprDigest, .wantContentDigest])
    }

    /// What a head says of the bytes' type and coding.
    ///
    /// - Throws: `content_type_mismatch`.
    package static func check(_ head: HTTPRequest, granted: MediaType) throws(UploadFault) {
        guard let field = head.headerFields[.contentType], let type = MediaType(field), type == granted else {
            throw UploadFault(
                .contentTypeMismatch,
                "This link takes Content-Type: \(granted). The link is used up; ask for a new one.")
        }
        try BodyCoding.check(head)
    }

    /// 200 without a body; the checksum lets the client see that what arrived is what it sent.
    package static func reply(_ upload: UploadRecord, digests: [DigestAlgorithm: Digest]) -> Reply {
        var reply = Reply(.ok)
        reply.fields[.eTag] = EntityTag(of: upload)?.description
        reply.fields[.reprDigest] = DigestField.serialize(digests.values)
        reply.fields[.cacheControl] = "no-store"
        return reply
    }
}

/// Codings of a body that is a file (RFC 9110 section 8.4).
enum BodyCoding {
    /// - Throws: `content_type_mismatch` for any: coded bytes would be stored as if they were the file.
    static func check(_ head: HTTPRequest) throws(UploadFault) {
        guard head.headerFields[.contentEncoding].map({ $0.lowercased() == "identity" }) ?? true else {
            throw UploadFault(.contentTypeMismatch, "Send the bytes of the file without a Content-Encoding.")
        }
    }
}

/// Digests in request heads (RFC 9530).
package enum BodyDigests {
    /// - Throws: `invalid_request` for a field that cannot be read, `digest_mismatch` when two fields contradict.
    package static func expected(_ head: HTTPRequest, names: [HTTPField.Name]) throws(UploadFault)
        -> [DigestAlgorithm: Digest]
    {
        var digests: [DigestAlgorithm: Digest] = [:]
        for name in names {
            guard let value = head.headerFields[name] else { continue }
            let found: [DigestAlgorithm: Digest]
            do throws(DigestFieldFault) {
                found = try DigestField.parse(value)
            } catch {
                throw UploadFault(
                    .invalidRequest, "\(name.rawName): \(error.detail)",
                    fields: [FieldFault(field: name.rawName, message: error.detail)])
            }
            for (algorithm, digest) in found {
                guard digests.updateValue(digest, forKey: algorithm).map({ $0 == digest }) ?? true else {
                    throw UploadFault(
                        .digestMismatch, "The request names two \(algorithm.rawValue) digests for the same bytes.")
                }
            }
        }
        return digests
    }

    package static func wanted(_ head: HTTPRequest, names: [HTTPField.Name]) -> Set<DigestAlgorithm> {
        names.reduce(into: []) { wanted, name in
            if let value = head.headerFields[name] { wanted.formUnion(DigestField.wanted(value)) }
        }
    }
}

extension EntityTag {
    /// Files never change, so their size and checksum name them; `nil` while the upload is not complete.
    package init?(of upload: UploadRecord) {
        guard let crc = upload.crc32c else { return nil }
        self.init(opaque: Digest(crc).hex + "-" + String(upload.receivedBytes, radix: 16))
    }
}
