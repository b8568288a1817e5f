import HTTPTypes
package import UploadModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `Upload-Metadata` (creation extension): what a client says of its file, in words of its own.
package struct TusMetadata: Hashable, Sendable {
    /// As it came, and as it is given back.
    package let text: String
    private let values: [String: [UInt8]]

    /// - Parameter text: `key base64,key2`: keys are not empty, hold no blank and no comma and differ; a value may be
    ///   empty or missing. Nothing at all is fine too: some clients always send the field.
    /// - Throws: `invalid_request`.
    package init(_ text: String) throws(UploadFault) {
        var values: [String: [UInt8]] = [:]
        let pairs = text.allSatisfy { $0 == " " } ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
        for pair in pairs {
            let words = pair.split(separator: " ")
            guard let key = words.first.map(String.init), words.count <= 2 else {
                throw Self.fault("Upload-Metadata must be pairs of a key and its value in base64, with commas between.")
            }
            guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Self.fault("A key of Upload-Metadata must be visible ASCII.")
            }
            guard let value = Base64.decode(words.count == 2 ? String(words[1]) : "") else {
                throw Self.fault("The value of \(key) in Upload-Metadata is not base64.")
            }
            guard values.updateValue(value, forKey: key) == nil else {
                throw Self.fault("Upload-Metadata names \(key) twice.")
            }
        }
        self.text = text
        self.values = values
    }

    private static func fault(_ message: String) -> UploadFault { TusProtocol.fault(.tusMetadata, message) }

    package var isEmpty: Bool { values.isEmpty }

    /// The first of these keys that has a value.
    ///
    /// - Throws: `invalid_request` when that is no UTF-8.
    func word(_ keys: String...) throws(UploadFault) -> String? {
        for key in keys {
            guard let bytes = values[key], !bytes.isEmpty else { continue }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Self.fault("The value of \(key) in Upload-Metadata is not UTF-8.")
            }
            return text
        }
        return nil
    }

    /// What is text of it, by key.
    fileprivate var words: [String: String] { values.compactMapValues { String(validating: $0, as: UTF8.self) } }
}

/// What of a creation is kept with its upload: for the answers to HEAD, and for the application that is told of the file.
struct TusKeepsake: Codable {
    struct Fields: Codable {
        var metadata: String?
        /// Not counted towards the bound of metadata; the bound of heads holds it.
        var concat: String?

        enum CodingKeys: String, CodingKey {
            case metadata = "Upload-Metadata"
            case concat = "Upload-Concat"
        }
    }

    var tus: Fields
    /// The metadata once more, decoded.
    var values: [String: String]

    init(metadata: TusMetadata, concat: String?) {
        tus = Fields(metadata: metadata.isEmpty ? nil : metadata.text, concat: concat)
        values = metadata.words
    }

    /// - Returns: `nil` for what another dialect keeps. It may look like ours and is the client's own, and so it is read as
    ///   strictly as a field that comes.
    init?(of upload: UploadRecord) {
        guard let text = upload.metadataJSON,
            let kept = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)),
            [kept.tus.metadata, kept.tus.concat].allSatisfy({ field in
                field?.utf8.allSatisfy { (0x20...0x7E).contains($0) } ?? true
            })
        else { return nil }
        self = kept
    }

    /// - Throws: `invalid_request` for more than may be kept.
    func text(limits: UploadLimits) throws(UploadFault) -> String? {
        var counted = self
        counted.tus.concat = nil
        guard JSONText.encode(counted).count <= limits.maximumMetadataBytes else {
            throw TusProtocol.fault(
                .tusMetadata, "Upload-Metadata is too long; \(limits.maximumMetadataBytes) bytes are kept, as JSON.")
        }
        guard tus.metadata != nil || tus.concat != nil else { return nil }
        return String(decoding: JSONText.encode(self), as: UTF8.self)
    }
}
