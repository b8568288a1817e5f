import UploadModel

@testable import MediaInspection

/// Matroska: a document type is found wherever it is put, and only where one is.
enum MatroskaMedia {
    private static let mark: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3]

    static func check(_ bytes: [UInt8]) throws {
        try checkFile(bytes)
        try checkFile(mark + bytes)
        var input = FuzzInput(bytes)
        let sizeBytes = (0..<4).map { _ in 1 + input.choice(below: 8) }
        let padding = input.choice(below: 120)
        let type = Array(input.bytes.prefix(100))
        // A Void element, then the document type; lengths in as many bytes as are asked for.
        var content: [UInt8] = [0xEC] + length(padding, sizeBytes[0]) + [UInt8](repeating: 0, count: padding)
        content += [0x42, 0x82] + length(type.count, sizeBytes[1]) + type
        let file = mark + length(content.count, sizeBytes[2]) + content
        let expected = String(decoding: type.prefix { $0 != 0 }, as: UTF8.self)
        guard type.count < 127, padding < 127, content.count < 127 || sizeBytes[2] > 1 else { return }
        let found = MatroskaFile(FilePrefix(file, limit: 1024))?.documentType
        try claim(found == expected, "\(found ?? "nothing") is found, and \(expected) is there")
    }

    private static func length(_ value: Int, _ byteCount: Int) -> [UInt8] {
        let bits = UInt64(value) | 1 << UInt64(7 * byteCount)
        return (0..<byteCount).reversed().map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
    }

    private static func checkFile(_ bytes: [UInt8]) throws {
        let prefix = FilePrefix(bytes, limit: 1024)
        guard let file = MatroskaFile(prefix) else {
            return try claim(!bytes.starts(with: mark), "Matroska is not seen")
        }
        let names = file.finding.names
        if names.contains(.matroska) {
            let word = Array((names[0] == .webm ? "webm" : "matroska").utf8)
            let isThere = prefix.bytes.indices.contains { prefix.holds(word, at: $0) }
            try claim(isThere, "\(names) without its word")
        }
    }
}
