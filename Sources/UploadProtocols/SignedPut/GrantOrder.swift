import HTTPTypes
package import UploadModel

/// What a client asks of a signed upload URL: the query of `GET /api/media/uploadUrl`.
package struct GrantOrder: Hashable, Sendable {
    package let file: NamedFile
    /// The exact size, if the link is to bind one.
    package let sizeBytes: Int64?
    package let maximumBytes: Int64?
    package let lifetimeSeconds: Int64

    /// - Throws: `invalid_request` with every wrong field.
    package init(query: String, formats: MediaFormatTable, limits: UploadLimits) throws(UploadFault) {
        guard let pairs = PercentCoding.parseQuery(query) else {
            throw UploadFault(.invalidRequest, "The query is not well-formed percent-encoding of UTF-8.")
        }
        let values = Dictionary(pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        try self.init(
            fileName: values["fileName"], contentType: values["contentType"], numbers: values, formats: formats,
            limits: limits)
    }

    /// - Parameter numbers: `size`, `maxSize` and `expiresIn` as text; other names are ignored.
    init(
        fileName: String?, contentType: String?, numbers values: [String: String], formats: MediaFormatTable,
        limits: UploadLimits
    ) throws(UploadFault) {
        var faults: [FieldFault] = []
        func number(_ name: String, _ allowed: ClosedRange<Int64>, _ unit: String) -> Int64? {
            guard let text = values[name], !text.isEmpty else { return nil }
            if let value = Int64(text), allowed.contains(value) { return value }
            faults.append(
                FieldFault(
                    field: name,
                    message:
                        "\(name) must be a whole number of \(unit) in \(allowed.lowerBound)...\(allowed.upperBound)."))
            return nil
        }
        sizeBytes = number("size", 0...limits.maximumUploadBytes, "bytes")
        maximumBytes = number("maxSize", 1...limits.maximumUploadBytes, "bytes")
        lifetimeSeconds =
            number("expiresIn", 1...limits.grantLifetimeSeconds, "seconds") ?? limits.grantLifetimeSeconds
        if let sizeBytes, let maximumBytes, sizeBytes > maximumBytes {
            faults.append(FieldFault(field: "size", message: "size is larger than maxSize."))
        }
        do throws(UploadFault) {
            file = try NamedFile(fileName: fileName, contentType: contentType, formats: formats)
        } catch {
            throw Self.fault(error.fields + faults)
        }
        if !faults.isEmpty { throw Self.fault(faults) }
    }

    private static func fault(_ faults: [FieldFault]) -> UploadFault {
        UploadFault(.invalidRequest, faults.map(\.message).joined(separator: " "), fields: faults)
    }

    /// 200 with the link (contract, "Signed upload URLs").
    package static func reply(_ upload: UploadRecord, uploadURL: String, address: PublicAddress) -> Reply {
        .json(
            .ok,
            Body(
                accessUrl: address.accessURL(upload), contentType: upload.mediaType.text, uploadUrl: uploadURL,
                fileId: upload.fileID.text, expiresAt: upload.expiresAt.description))
    }

    private struct Body: Encodable {
        let accessUrl: String
        let contentType: String
        let uploadUrl: String
        let fileId: String
        let expiresAt: String
    }
}
