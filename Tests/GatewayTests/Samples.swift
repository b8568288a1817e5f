import Foundation
import Testing

/// Real media files, made once for all suites.
struct Samples: Sendable {
    @TaskLocal static var current: Samples?

    /// Those of this run.
    static var shared: Samples { get throws { try #require(current, "samples are made by the outermost suite") } }

    let folder: String
    let mp4: String
    let mov: String
    let webm: String
    let png: String
    let jpeg: String
    /// 1 GiB, a playable file with one long `free` box behind it. Sparse: it takes no room on the disk.
    let gigabyteMP4: String
    /// 1 GiB of zeros, sparse: no media file at all.
    let gigabyteZeros: String

    static func make() async throws -> Samples {
        let folder = try Scratch.newFolder("samples")
        func film(_ name: String, _ options: [String]) async throws -> String {
            let path = "\(folder)/\(name)"
            try await Command.succeed(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i",
                    "testsrc=duration=1:size=320x240:rate=10",
                ]
                    + options + ["-pix_fmt", "yuv420p", path])
            return path
        }
        func picture(_ name: String) async throws -> String {
            let path = "\(folder)/\(name)"
            try await Command.succeed("convert", ["-size", "320x240", "plasma:red-blue", path])
            return path
        }
        let mp4 = try await film("clip.mp4", ["-c:v", "mpeg4"])
        let gigabyteMP4 = "\(folder)/gigabyte.mp4"
        let gigabyteZeros = "\(folder)/gigabyte.zeros"
        try pad(mp4, to: gigabyteMP4, sizeBytes: 1 << 30) { _ in }
        try Data().write(to: URL(fileURLWithPath: gigabyteZeros))
        let zeros = try FileHandle(forWritingTo: URL(fileURLWithPath: gigabyteZeros))
        try zeros.truncate(atOffset: 1 << 30)
        try zeros.close()
        return Samples(
            folder: folder, mp4: mp4, mov: try await film("clip.mov", ["-c:v", "mpeg4"]),
            webm: try await film("clip.webm", ["-c:v", "libvpx"]), png: try await picture("picture.png"),
            jpeg: try await picture("picture.jpg"), gigabyteMP4: gigabyteMP4, gigabyteZeros: gigabyteZeros)
    }

    /// A playable mp4 of an exact size: the short one, then a `free` box whose content differs in every 4 KiB and with
    /// every seed, so that no piece can stand in another one's place unseen.
    func film(sizeBytes: Int, seed: UInt64 = 1) throws -> String {
        let path = "\(folder)/film-\(sizeBytes)-\(seed).mp4"
        if FileManager.default.fileExists(atPath: path) { return path }
        var random = SeededRandom(seed: seed)
        let noise = Data((0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) })
        try Self.pad(mp4, to: path, sizeBytes: sizeBytes) { file in
            var left = sizeBytes - Int(try file.offset())
            var number: UInt64 = 0
            while left > 0 {
                var many = Data()
                for _ in 0..<256 {
                    many += withUnsafeBytes(of: number.bigEndian) { Data($0) } + noise.dropFirst(8)
                    number += 1
                }
                try file.write(contentsOf: many.prefix(left))
                left -= many.count
            }
        }
        return path
    }

    /// ISO/IEC 14496-12 section 8.1.2: a `free` box may stand anywhere and is skipped by every player.
    private static func pad(
        _ original: String, to path: String, sizeBytes: Int, fill: (FileHandle) throws -> Void
    ) throws {
        let bytes = try Scratch.bytes(original)
        let box = sizeBytes - bytes.count
        guard box >= 8, box <= Int(UInt32.max) else { throw Trouble("\(sizeBytes) bytes leave no room for a box") }
        let header = withUnsafeBytes(of: UInt32(box).bigEndian) { Data($0) } + Data("free".utf8)
        try (bytes + header).write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try fill(file)
        try file.truncate(atOffset: UInt64(sizeBytes))
        try file.close()
    }
}

/// The pieces of a file, as files.
struct Pieces: Sendable {
    let whole: Data
    let sizeBytes: Int
    let paths: [String]

    init(_ path: String, sizeBytes: Int) throws {
        let whole = try Scratch.bytes(path)
        self.whole = whole
        self.sizeBytes = sizeBytes
        paths = try stride(from: 0, to: whole.count, by: sizeBytes).map { start in
            try Scratch.file("piece", holding: whole[start..<min(start + sizeBytes, whole.count)])
        }
    }

    /// The bytes of a piece, counted from 1.
    func bytes(_ number: Int) -> Data { whole[((number - 1) * sizeBytes)..<min(number * sizeBytes, whole.count)] }
}
