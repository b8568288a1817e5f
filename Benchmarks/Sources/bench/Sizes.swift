import Foundation

/// How much each workload sends, for a full, a quick and a trial run.
struct Sizes {
    let isQuick: Bool
    let scale: Int

    static let mebibyte: Int64 = 1 << 20
    static let gibibyte: Int64 = 1 << 30

    func count(_ full: Int, quick: Int, least: Int = 8) -> Int { max((isQuick ? quick : full) / scale, least) }

    /// In whole MiB.
    func bytes(_ full: Int64, quick: Int64) -> Int64 {
        let chosen = (isQuick ? quick : full) / Int64(scale)
        return max(chosen / Self.mebibyte, 1) * Self.mebibyte
    }

    /// One file of 4 GiB.
    var whole: Transfer {
        Transfer(
            shape: .files, count: 1, bytes: bytes(4 * Self.gibibyte, quick: Self.gibibyte), connections: 1)
    }
    /// Eight of 512 MiB at once.
    var eight: Transfer {
        Transfer(
            shape: .files, count: 8, bytes: bytes(512 * Self.mebibyte, quick: 128 * Self.mebibyte), connections: 8)
    }
    /// 4 GiB in parts of 8 MiB, eight at once.
    var parts: Transfer {
        Transfer(
            shape: .parts, count: count(512, quick: 128), bytes: 8 * Self.mebibyte, connections: 8)
    }
    /// Parts of 64 KiB, 64 at once.
    var smallParts: Transfer {
        Transfer(shape: .parts, count: count(20_000, quick: 5_000, least: 64), bytes: 64 << 10, connections: 64)
    }
    /// A thousand at once, each at 64 KiB/s for 16 s.
    var slow: Transfer {
        let connections = count(1_000, quick: 200)
        let bytes = scale == 1 ? Self.mebibyte : 128 << 10
        return Transfer(shape: .files, count: connections, bytes: bytes, connections: connections, rate: 64 << 10)
    }

    /// One file in order.
    var appendBytes: Int64 { bytes(Self.gibibyte, quick: 128 * Self.mebibyte) }
    var takeoverCount: Int { count(50, quick: 10) }

    var linkCount: Int { count(20_000, quick: 5_000, least: 128) }
    var finalizeCount: Int { count(5_000, quick: 1_000, least: 64) }
    var idleCount: Int { count(10_000, quick: 2_000, least: 100) }
    /// What is downloaded: a file, read so often as a whole, and so many ranges of 1 MiB.
    var downloadBytes: Int64 { bytes(Self.gibibyte, quick: Self.gibibyte) }
    var downloadCount: Int { isQuick ? 1 : 4 }
    var rangeCount: Int { count(2_000, quick: 1_000, least: 32) }
    /// Sizes whose calls are timed, and how often.
    var callSizes: [(label: String, bytes: Int64, repetitions: Int)] {
        let largest = bytes(10 * Self.gibibyte, quick: Self.gibibyte)
        return [
            ("1 MiB", Self.mebibyte, 20),
            (
                Self.label(bytes(100 * Self.mebibyte, quick: 100 * Self.mebibyte)),
                bytes(100 * Self.mebibyte, quick: 100 * Self.mebibyte), 20
            ),
            (Self.label(largest), largest, 3),
        ]
    }

    static func label(_ bytes: Int64) -> String {
        if bytes.isMultiple(of: gibibyte) { return "\(bytes / gibibyte) GiB" }
        if bytes.isMultiple(of: mebibyte) { return "\(bytes / mebibyte) MiB" }
        return "\(bytes >> 10) KiB"
    }
}

extension Transfer {
    /// The same with a part of the bytes, to warm a server up.
    func warmUp() -> Transfer {
        var bytes = bytes
        var count = count
        if count >= 32 {
            count = max(count / 8, 32)
        } else {
            bytes = max(bytes / 4, min(bytes, Sizes.mebibyte))
        }
        return Transfer(shape: shape, count: count, bytes: bytes, connections: connections)
    }

    var text: String {
        let noun = shape == .parts ? "parts" : "files"
        let things = count == 1 ? "one file of" : "\(count) \(noun) of"
        let over = connections == 1 ? "" : " over \(connections) connections"
        let speed = rate.map { " at \($0 >> 10) KiB/s each" } ?? ""
        return "\(things) \(Sizes.label(bytes))\(over)\(speed)"
    }
}
