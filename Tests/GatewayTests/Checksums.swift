import Foundation

/// Checksums computed by other means than the product's.
enum Checksums {
    /// CRC-32C, bit by bit by its definition (RFC 3720 appendix B.4), with a table of one byte's worth.
    static func crc32c(_ bytes: Data) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { crc, byte in table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
    }

    static func hex(_ crc: UInt32) -> String {
        let digits = String(crc, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// As a digest field carries it (RFC 9530).
    static func field(crc32c bytes: Data) -> String {
        "crc32c=:\(withUnsafeBytes(of: crc32c(bytes).bigEndian) { Data($0) }.base64EncodedString()):"
    }

    /// Hexadecimal digits, by the system's own tool.
    static func sha256(_ path: String) async throws -> String {
        let answer = try await Command.succeed("sha256sum", [path])
        return String(answer.prefix(64))
    }

    static func field(sha256 path: String) async throws -> String {
        try await field("sha-256", by: "sha256sum", of: path)
    }

    /// A digest field by an algorithm's own tool, whose first word is the digest in hexadecimal.
    static func field(_ name: String, by tool: String, of path: String) async throws -> String {
        let digits = Array(try await Command.succeed(tool, [path]).prefix { $0 != " " })
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
        return "\(name)=:\(Data(bytes).base64EncodedString()):"
    }
}
