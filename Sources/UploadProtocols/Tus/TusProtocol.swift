package import HTTPTypes
package import UploadModel

/// tus 1.0, the resumable upload protocol of tus.io: what holds for all its requests.
package enum TusProtocol {
    /// The only version that is spoken here.
    static let version = "1.0.0"

    /// Where uploads are created; each then has its id below it.
    package static let path = "/files"

    /// The media type of bodies that are bytes of an upload (core protocol, "PATCH").
    static let bytesType = "application/offset+octet-stream"

    /// What a granted URL can: it is for one file, whose bytes it takes itself.
    static let grantedExtensions = [
        "creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum", "checksum-trailer",
        "termination",
    ]

    static let extensions = grantedExtensions + ["concatenation", "concatenation-unfinished"]

    /// Refuses a version that is not spoken here, before anything is done (core protocol, "Tus-Resumable": 412).
    package static func checkVersion(_ head: HTTPRequest) throws(UploadFault) {
        guard head.headerFields[.tusResumable] == version else {
            throw UploadFault(
                .unsupportedVersion, "Send Tus-Resumable: \(version), the version of tus that is spoken here.")
        }
    }

    /// The method that a request means (core protocol, "X-HTTP-Method-Override"): for clients that cannot send PATCH or
    /// DELETE. `nil` where it is the request's own, and outside of ``path``: no other dialect has such a field.
    package static func method(of head: HTTPRequest, path: String) -> HTTPRequest.Method? {
        guard path == Self.path || path.hasPrefix(Self.path + "/"), let name = head.headerFields[.methodOverride] else {
            return nil
        }
        // One that is no method is none that a path has.
        return HTTPRequest.Method(rawValue: name) ?? .trace
    }

    /// A whole number of bytes, of ASCII digits; one that 64 bits do not hold is as large as can be, so that it is
    /// refused for its size like any other that is too large.
    static func byteCount(_ head: HTTPRequest, _ name: HTTPField.Name) throws(UploadFault) -> Int64? {
        guard let text = head.headerFields[name] else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw fault(name, "\(name.rawName) must be a whole number of bytes, 0 or more.")
        }
        return Int64(text) ?? .max
    }

    static func fault(_ name: HTTPField.Name, _ message: String) -> UploadFault {
        UploadFault(.invalidRequest, message, fields: [FieldFault(field: name.rawName, message: message)])
    }

    /// Refuses a body that is not plain bytes of the upload (core protocol, "PATCH": 415).
    static func checkBody(_ head: HTTPRequest) throws(UploadFault) {
        guard head.headerFields[.contentType].flatMap(MediaType.init)?.text == bytesType else {
            throw UploadFault(.contentTypeMismatch, "Send the bytes with Content-Type: \(bytesType).")
        }
        guard head.headerFields[.contentEncoding].map({ $0.lowercased() == "identity" }) ?? true else {
            throw UploadFault(.contentTypeMismatch, "Send the bytes of the file without a Content-Encoding.")
        }
    }
}

extension HTTPField.Name {
    static let tusResumable = known("Tus-Resumable")
    static let tusVersion = known("Tus-Version")
    static let tusExtension = known("Tus-Extension")
    static let tusMaxSize = known("Tus-Max-Size")
    static let tusChecksumAlgorithm = known("Tus-Checksum-Algorithm")
    static let tusOffset = known("Upload-Offset")
    static let tusLength = known("Upload-Length")
    static let tusDeferLength = known("Upload-Defer-Length")
    static let tusMetadata = known("Upload-Metadata")
    static let tusConcat = known("Upload-Concat")
    static let tusChecksum = known("Upload-Checksum")
    static let tusExpires = known("Upload-Expires")
    static let methodOverride = known("X-HTTP-Method-Override")
}
