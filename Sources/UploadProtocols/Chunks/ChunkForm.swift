import HTTPTypes
package import UploadModel

/// The fields of `POST /api/v1/media/chunks`, in whatever order they come.
package struct ChunkForm: Hashable, Sendable {
    private var values: [String: String] = [:]

    package init() {}

    /// - Throws: `invalid_request` for a field that stands twice.
    package mutating func take(_ name: String, _ value: String) throws(UploadFault) {
        guard values.updateValue(value, forKey: name) == nil else {
            throw UploadFault(
                .invalidRequest, "\(name) stands twice in the form; send it once.",
                fields: [FieldFault(field: name, message: "stands twice")])
        }
    }

    package static func isField(_ name: String) -> Bool { ["chunkIndex", "totalChunks", "fileId"].contains(name) }

    /// Whether everything is known that places a chunk.
    package var isComplete: Bool { ["chunkIndex", "totalChunks", "fileId"].allSatisfy { values[$0] != nil } }

    /// The chunk that the fields describe.
    ///
    /// - Throws: `invalid_request` with every wrong field.
    package func chunk() throws(UploadFault) -> (reference: String, index: Int, count: Int) {
        var faults: [FieldFault] = []
        func number(_ name: String, from least: Int) -> Int {
            guard let text = values[name], let value = Int(text), value >= least else {
                faults.append(FieldFault(field: name, message: "\(name) must be a whole number from \(least) on."))
                return least
            }
            return value
        }
        let reference = values["fileId"] ?? ""
        if reference.isEmpty {
            faults.append(FieldFault(field: "fileId", message: "fileId is needed: the id you chose for this file."))
        }
        let index = number("chunkIndex", from: 0)
        let count = number("totalChunks", from: 1)
        if faults.isEmpty, index >= count {
            faults.append(FieldFault(field: "chunkIndex", message: "chunkIndex must be less than totalChunks."))
        }
        guard faults.isEmpty else {
            throw UploadFault(.invalidRequest, faults.map(\.message).joined(separator: " "), fields: faults)
        }
        return (reference, index, count)
    }
}

/// Answers of the chunks API, in its own shape.
package enum ChunkReplies {
    private struct Envelope<Payload: Encodable>: Encodable {
        let success = true
        let data: Payload
        let message: String?
    }

    private struct Received: Encodable {
        let completed: Bool
        let chunkIndex: Int
    }

    private struct Completed: Encodable {
        let completed: Bool
        let fileId: String
    }

    private struct Status: Encodable {
        let exists: Bool
        let currentSize: Int64
        let fileId: String
    }

    package static func received(index: Int) -> Reply {
        .json(.ok, Envelope(data: Received(completed: false, chunkIndex: index), message: "Chunk received"))
    }

    /// - Parameter reference: the id as the client wrote it.
    package static func completed(reference: String) -> Reply {
        .json(.ok, Envelope(data: Completed(completed: true, fileId: reference), message: "Upload complete"))
    }

    /// - Parameter prefixBytes: bytes from the start without a gap, from which a sequential client goes on.
    package static func status(reference: String, exists: Bool, prefixBytes: Int64) -> Reply {
        .json(
            .ok,
            Envelope(data: Status(exists: exists, currentSize: prefixBytes, fileId: reference), message: nil))
    }
}
