import Foundation

/// What a ``DiskProbe`` recorded, in the order in which the gateway could rely on it: a write after it was done, a sync
/// before and after, an answer before it was sent.
struct DiskLog: Sendable {
    /// As `probe.h` counts them.
    enum Kind: UInt32 {
        case opened = 1, written, sized, reserved, syncBegun, synced, syncFailed, renamed, removed, folderMade
        case folderRemoved, answered
    }

    struct Record: Sendable {
        let kind: Kind
        /// Below the folder, with a slash at the beginning; empty for the folder itself.
        let path: String
        let otherPath: String
        let flags: CInt
        let handle: UInt64
        /// Of bytes their place, of a size the size, of a sync its number.
        let offset: Int64
        /// Where the bytes stand in the log.
        let data: Range<Int>
        /// Where the record ends in the log.
        let end: Int
    }

    let bytes: Data
    let records: [Record]

    private static let headBytes = 40

    init(_ path: String) throws {
        bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        records = try bytes.withUnsafeBytes { log in
            var records: [Record] = []
            var place = 0
            while place + Self.headBytes <= log.count {
                func number<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type) -> Number {
                    Number(littleEndian: log.loadUnaligned(fromByteOffset: place + offset, as: Number.self))
                }
                let pathBytes = Int(number(4, UInt32.self))
                let otherBytes = Int(number(8, UInt32.self))
                let path = place + Self.headBytes
                let data = path + pathBytes + otherBytes
                let end = data + Int(number(32, UInt64.self))
                guard let kind = Kind(rawValue: number(0, UInt32.self)), end <= log.count else {
                    throw Trouble("the log of the probe cannot be read at \(place)")
                }
                func text(_ range: Range<Int>) -> String {
                    String(decoding: UnsafeRawBufferPointer(rebasing: log[range]), as: UTF8.self)
                }
                records.append(
                    Record(
                        kind: kind, path: text(path..<path + pathBytes), otherPath: text(path + pathBytes..<data),
                        flags: number(12, CInt.self), handle: number(16, UInt64.self), offset: number(24, Int64.self),
                        data: data..<end, end: end))
                place = end
            }
            return records
        }
    }

    /// Where each answer stands, by its request id. Who saw the answer relies on all that stands before.
    var answers: [String: Int] {
        var answers: [String: Int] = [:]
        for record in records where record.kind == .answered {
            let lines = String(decoding: bytes[record.data], as: UTF8.self).split(separator: "\r\n")
            for line in lines where line.lowercased().hasPrefix("x-request-id:") {
                answers[line.dropFirst("x-request-id:".count).trimmingCharacters(in: .whitespaces)] = record.end
            }
        }
        return answers
    }
}
