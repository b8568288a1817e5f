import UploadModel

@testable import UploadProtocols

/// Percent-encoding, queries and cursors: what is read can be written, and what is written is read again.
enum Queries {
    static func check(_ bytes: [UInt8]) throws {
        let input = FuzzInput(bytes)
        let text = input.text
        try checkCoding(text)
        try checkPairs(text)
        try checkItemList(text)
        if let order = try? GrantOrder(query: text, formats: .known, limits: UploadLimits()) { try checkGrant(order) }
        if let list = try? UploadListQuery(query: text) {
            try claim(list.cursor?.isEmpty != true, "an empty cursor is a cursor")
        }
        if let place = try? ListCursor.parse(text) {
            let again = "\(place.createdAt.milliseconds).\(place.fileID)"
            try claim(Array(again.utf8) == Array(text.utf8), "\(text) is the cursor \(again)")
        }
    }

    private static func checkCoding(_ text: String) throws {
        let encoded = PercentCoding.encode(text)
        let isPlain = encoded.utf8.allSatisfy { byte in
            byte < 0x80 && (Unicode.Scalar(byte).properties.isAlphabetic || "0123456789-._~%".utf8.contains(byte))
        }
        try claim(isPlain, "\(encoded) is not encoded")
        for decoded in [PercentCoding.decodePathSegment(encoded), PercentCoding.decodeQueryComponent(encoded)] {
            try claim(decoded.map { Array($0.utf8) } == Array(text.utf8), "\(text) came out changed")
        }
        if let decoded = PercentCoding.decodePathSegment(text) {
            let again = PercentCoding.decodePathSegment(PercentCoding.encode(decoded))
            try claim(again.map { Array($0.utf8) } == Array(decoded.utf8), "\(text) came out changed")
        }
    }

    private static func checkPairs(_ text: String) throws {
        guard let pairs = PercentCoding.parseQuery(text) else { return }
        let written = pairs.map { PercentCoding.encode($0.name) + "=" + PercentCoding.encode($0.value) }
        guard let again = PercentCoding.parseQuery(written.joined(separator: "&")) else {
            throw Violation(description: "\(written) is not read")
        }
        let isSame = again.elementsEqual(pairs) { Array($0.name.utf8) == Array($1.name.utf8) && $0.value == $1.value }
        try claim(isSame, "\(pairs) came out as \(again)")
    }

    private static func checkItemList(_ text: String) throws {
        guard let list = try? ItemListQuery(query: text) else { return }
        try claim((1...ItemListQuery.maximumLimit).contains(list.limit), "a page of \(list.limit)")
        let cursor = list.cursor.map { "\($0.createdAt.milliseconds).\($0.id)" } ?? "0.0123456789abcdef01234567"
        let next = try ItemListQuery(query: list.query(after: cursor))
        try claim(next.status == list.status && next.limit == list.limit, "\(next) follows \(list)")
        try claim(list.cursor == nil || next == list, "\(list) came out as \(next)")
    }

    private static func checkGrant(_ order: GrantOrder) throws {
        let limits = UploadLimits()
        let most = order.maximumBytes ?? limits.maximumUploadBytes
        try claim((1...limits.maximumUploadBytes).contains(most), "at most \(most) bytes")
        if let size = order.sizeBytes { try claim((0...most).contains(size), "\(size) bytes, at most \(most)") }
        try claim((1...limits.grantLifetimeSeconds).contains(order.lifetimeSeconds), "\(order.lifetimeSeconds) s")
        try claim(MediaFormatTable.known.formats.contains(order.file.format), "\(order.file.format) is not known")
    }
}
