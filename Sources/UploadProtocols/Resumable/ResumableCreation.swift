package import HTTPTypes
package import UploadModel

/// What the head of a request says that begins an upload: any method that carries content may (draft, "Upload Creation").
package struct ResumableCreation: Hashable, Sendable {
    package let version: ResumableVersion
    /// Whether the file ends with the request; `nil` for a request that does not speak this protocol, whose file does.
    package let end: Bool?
    /// The length of the whole file, in bytes, if the request tells it in a field of its own.
    package let sizeBytes: Int64?
    package let digests: ResumableDigests

    /// Whether a request speaks this protocol.
    package static func isAsked(_ head: HTTPRequest) -> Bool {
        ResumableVersion(of: head).isEnd(head.headerFields) != nil
    }

    /// What a head tells of the file's length, in bytes, before it is judged.
    package static func knownBytes(_ head: HTTPRequest, declaredBytes: Int64?) -> Int64? {
        let told = StructuredItem.byteCount(head.headerFields[.uploadLength])
        return told ?? (ResumableVersion(of: head).isEnd(head.headerFields) == false ? nil : declaredBytes)
    }

    /// - Parameter declaredBytes: `Content-Length`; `nil` for a chunked body.
    /// - Throws: `invalid_request` for a digest that cannot be read, `inconsistent_upload_length`,
    ///   `content_type_mismatch` for a `Content-Encoding`.
    package init(_ head: HTTPRequest, declaredBytes: Int64?) throws(UploadFault) {
        version = ResumableVersion(of: head)
        end = version.isEnd(head.headerFields)
        sizeBytes = end == nil ? nil : StructuredItem.byteCount(head.headerFields[.uploadLength])
        digests = try ResumableDigests(head)
        try BodyCoding.check(head)
        // Draft, "Length": the two that may tell it must agree.
        if end == true, let declaredBytes, let sizeBytes, declaredBytes != sizeBytes {
            throw UploadFault(
                .inconsistentLength,
                "Upload-Length says \(sizeBytes) bytes, and Content-Length \(declaredBytes) for the whole file.")
        }
    }

    /// What is known of the file's length before its bytes.
    package func knownBytes(declaredBytes: Int64?) -> Int64? { sizeBytes ?? (end == false ? nil : declaredBytes) }
}

/// What the head of a request says that brings the next bytes of an upload (draft, "Upload Append").
package struct ResumableAppend: Hashable, Sendable {
    package let version: ResumableVersion
    /// Where the content goes, in bytes from the file's start.
    package let offset: Int64
    package let endsFile: Bool
    /// The length of the whole file, in bytes, if the request tells it in a field of its own.
    package let sizeBytes: Int64?
    package let digests: ResumableDigests

    /// Draft, "Media Type application/partial-upload".
    package static let mediaType = "application/partial-upload"

    /// - Throws: `content_type_mismatch`; `invalid_request` where a field is missing or cannot be read.
    package init(_ head: HTTPRequest) throws(UploadFault) {
        version = ResumableVersion(of: head)
        try BodyCoding.check(head)
        if version.needsPartialType,
            head.headerFields[.contentType].flatMap(MediaType.init)?.text != Self.mediaType
        {
            throw UploadFault(
                .contentTypeMismatch, "Bytes are added to an upload with Content-Type: \(Self.mediaType).")
        }
        guard let offset = StructuredItem.byteCount(head.headerFields[.uploadOffset]) else {
            throw Self.missing(.uploadOffset, "the number of bytes that are here already")
        }
        self.offset = offset
        switch (version.isEnd(head.headerFields), version.silence) {
        case (let isEnd?, _): endsFile = isEnd
        case (nil, .endsFile): endsFile = true
        case (nil, .goesOn): endsFile = false
        case (nil, .isRefused): throw Self.missing(.uploadComplete, "?1 where the file ends with this content, or ?0")
        }
        sizeBytes = StructuredItem.byteCount(head.headerFields[.uploadLength])
        digests = try ResumableDigests(head)
    }

    private static func missing(_ name: HTTPField.Name, _ what: String) -> UploadFault {
        UploadFault(
            .invalidRequest, "\(name.rawName) is needed: \(what).",
            fields: [FieldFault(field: name.rawName, message: "needed: \(what)")])
    }

    package enum LateAction: Hashable, Sendable {
        /// It says again what the upload heard last: that answer may have been lost on the way.
        case finalAnswer
        case refuse(UploadFault)
    }

    /// What is to be done where the upload is complete already.
    ///
    /// - Parameters:
    ///   - lengthBytes: of the complete file.
    ///   - declaredBytes: `Content-Length`; `nil` for a chunked body.
    package func afterEnd(of lengthBytes: Int64, declaredBytes: Int64?) -> LateAction {
        let (end, overflow) = offset.addingReportingOverflow(declaredBytes ?? 0)
        if version.afterEnd == .finalAnswer, endsFile, declaredBytes != nil, !overflow, end == lengthBytes {
            return .finalAnswer
        }
        // Drafts -06 to -11, "Upload Append": bytes behind the end contradict its length.
        let isLonger = declaredBytes != 0 && version.problems.contains(.inconsistentLength)
        return .refuse(
            UploadFault(
                isLonger ? .inconsistentLength : .alreadyComplete,
                "This upload is complete with \(lengthBytes) bytes and cannot change any more."))
    }
}

/// The content of a request that creates an upload or appends to it.
package struct ResumableContent: Hashable, Sendable {
    package let version: ResumableVersion
    package let offset: Int64
    package let endsFile: Bool
    package let sizeBytes: Int64?
    package let digests: ResumableDigests
    /// Whether what came stays when the request breaks off.
    package let isResumable: Bool

    package init(_ creation: ResumableCreation) {
        version = creation.version
        offset = 0
        endsFile = creation.end ?? true
        isResumable = creation.end != nil
        sizeBytes = creation.sizeBytes
        digests = creation.digests
    }

    package init(_ append: ResumableAppend) {
        version = append.version
        offset = append.offset
        endsFile = append.endsFile
        isResumable = true
        sizeBytes = append.sizeBytes
        digests = append.digests
    }

    /// What is made of the content while it comes. Digests of the file are among it only where the content is all of the
    /// file or nothing: elsewhere the file is read when it is complete, and of a request that breaks off what came stays.
    package var computed: Set<DigestAlgorithm> {
        let ofContent = digests.wantedOfContent.union(digests.content.keys)
        return isResumable ? ofContent : ofContent.union(digests.wantedOfFile).union(digests.file.keys)
    }

    /// Whether nothing is told of the file that its upload does not know.
    package func tellsNothingNew(of upload: UploadRecord) -> Bool {
        (sizeBytes ?? upload.layout.sizeBytes) == upload.layout.sizeBytes
            && digests.file.allSatisfy { upload.expectedDigests[$0] == $1 }
    }

    /// What the answer's `Content-Digest` says, if that was asked for.
    package func contentDigest(_ computed: [DigestAlgorithm: Digest]) -> String? {
        let wanted = computed.filter { digests.wantedOfContent.contains($0.key) }
        return wanted.isEmpty ? nil : DigestField.serialize(wanted.values)
    }
}

/// Requests that only ask, or cancel.
package enum ResumableQuestion {
    /// - Throws: `invalid_request` where the version forbids what is said besides (drafts -01 and -03, "Offset
    ///   Retrieving", "Upload Cancellation").
    package static func check(_ head: HTTPRequest, _ version: ResumableVersion) throws(UploadFault) {
        guard version.refusesStrayFields else { return }
        for name in [HTTPField.Name.uploadOffset, .uploadComplete, .uploadIncomplete]
        where head.headerFields[name] != nil {
            throw UploadFault(.invalidRequest, "\(name.rawName) has no place in a request without content.")
        }
    }
}

/// Digests of a request's content and of the whole file (draft, "Integrity Digests"; RFC 9530).
package struct ResumableDigests: Hashable, Sendable {
    /// What the request's content must have.
    package let content: [DigestAlgorithm: Digest]
    /// What the whole file must have.
    package let file: [DigestAlgorithm: Digest]
    package let wantedOfContent: Set<DigestAlgorithm>
    package let wantedOfFile: Set<DigestAlgorithm>

    init(_ head: HTTPRequest) throws(UploadFault) {
        content = try BodyDigests.expected(head, names: [.contentDigest])
        file = try BodyDigests.expected(head, names: [.reprDigest])
        wantedOfContent = BodyDigests.wanted(head, names: [.wantContentDigest])
        wantedOfFile = BodyDigests.wanted(head, names: [.wantReprDigest])
    }
}
