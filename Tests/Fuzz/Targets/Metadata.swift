import UploadModel

@testable import UploadProtocols

/// Announcements with the client's own metadata: inside their limits, and one text for the same words.
enum Metadata {
    static func check(_ bytes: [UInt8]) throws {
        let limits = UploadLimits()
        let order: PartsAnnouncement
        do throws(UploadFault) {
            order = try PartsAnnouncement(json: bytes, formats: .known, limits: limits)
        } catch {
            return try claim(!error.fields.isEmpty && !error.detail.isEmpty, "\(error) blames nothing")
        }
        try claim(order.sizeBytes ?? 0 >= 0, "\(order) has a size")
        try claim(order.sha256.map { $0.bytes.count == 32 } ?? true, "\(order) has a digest")
        guard let metadata = order.metadataJSON else { return }
        try claim(metadata.utf8.count <= limits.maximumMetadataBytes, "metadata of \(metadata.utf8.count) bytes")
        let json = Array(#"{"fileName":"a.mov","metadata":\#(metadata)}"#.utf8)
        let again = try PartsAnnouncement(json: json, formats: .known, limits: limits)
        try claim(again.metadataJSON.map { Array($0.utf8) } == Array(metadata.utf8), "\(metadata) came out changed")
    }
}
