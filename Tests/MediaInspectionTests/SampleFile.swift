import Foundation
import UploadModel

/// A real file of one format, made by the tool that most such files come from.
enum SampleFile: String, CaseIterable, Sendable {
    case jpeg = "still.jpg"
    case png = "still.png"
    case gif = "moving.gif"
    case webp = "still.webp"
    case heic = "still.heic"
    case avif = "still.avif"
    case avifSequence = "moving.avif"
    case mp4 = "plain.mp4"
    case mp4FastStart = "faststart.mp4"
    case mp4Fragmented = "fragmented.mp4"
    case mp4FragmentedBaseMoof = "base-moof.mp4"
    case mp4Dash = "dash.mp4"
    case mp4Flash = "flash.f4v"
    case quickTime = "plain.mov"
    case quickTimeHEVC = "hevc.mov"
    case m4v = "ipod.m4v"
    case webm = "plain.webm"
    case matroska = "plain.mkv"
    case avi = "plain.avi"
    case mpegProgram = "program.mpg"
    case mpegProgram2 = "program2.vob"
    case mpegElementary = "elementary.m2v"
    case transportStream = "transport.ts"
    case threeGPP = "phone.3gp"
    case mp4Audio = "sound.m4a"

    var expected: MediaType {
        let text =
            switch self {
            case .jpeg: "image/jpeg"
            case .png: "image/png"
            case .gif: "image/gif"
            case .webp: "image/webp"
            case .heic: "image/heic"
            case .avif, .avifSequence: "image/avif"
            case .mp4, .mp4FastStart, .mp4Fragmented, .mp4FragmentedBaseMoof, .mp4Dash, .mp4Flash: "video/mp4"
            case .quickTime, .quickTimeHEVC: "video/quicktime"
            case .m4v: "video/x-m4v"
            case .webm: "video/webm"
            case .matroska: "video/x-matroska"
            case .avi: "video/x-msvideo"
            case .mpegProgram, .mpegProgram2, .mpegElementary: "video/mpeg"
            case .transportStream: "video/mp2t"
            case .threeGPP: "video/3gpp"
            case .mp4Audio: "audio/mp4"
            }
        return type(text)
    }

    /// The first 4 KiB of the file, or all of it.
    func front() throws -> [UInt8] {
        guard let bytes = try Self.made.get()[self] else { throw SampleFault("\(rawValue) was not made") }
        return bytes
    }

    /// Made once for all suites; what went wrong is told to every test that asks.
    private static let made = Result { try makeAll() }
}

extension SampleFile {
    private static let moving = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=1"]
    private static let sound = ["-f", "lavfi", "-i", "sine=duration=1"]

    /// What ffmpeg is told between its input and the name of the file.
    private var encoding: [String] {
        switch self {
        case .jpeg, .png: ["-frames:v", "1"]
        case .webp: ["-frames:v", "1", "-c:v", "libwebp"]
        case .gif, .avi: []
        case .avif: ["-frames:v", "1", "-c:v", "libaom-av1", "-cpu-used", "8"]
        case .avifSequence: ["-frames:v", "2", "-c:v", "libaom-av1", "-cpu-used", "8"]
        case .heic: []
        case .mp4, .quickTime: ["-c:v", "mpeg4"]
        case .mp4FastStart: ["-c:v", "mpeg4", "-movflags", "+faststart"]
        case .mp4Fragmented: ["-c:v", "mpeg4", "-movflags", "frag_keyframe+empty_moov"]
        case .mp4FragmentedBaseMoof: ["-c:v", "mpeg4", "-movflags", "frag_keyframe+empty_moov+default_base_moof"]
        case .mp4Dash: ["-c:v", "libx264", "-movflags", "+dash+frag_keyframe"]
        case .mp4Flash, .threeGPP, .matroska: ["-c:v", "libx264"]
        case .quickTimeHEVC: ["-c:v", "libx265", "-tag:v", "hvc1", "-x265-params", "log-level=error"]
        case .m4v: ["-c:v", "libx264", "-f", "ipod"]
        case .webm: ["-c:v", "libvpx"]
        case .mpegProgram: ["-c:v", "mpeg1video", "-f", "mpeg"]
        case .mpegProgram2: ["-c:v", "mpeg2video", "-f", "vob"]
        case .mpegElementary: ["-c:v", "mpeg2video", "-f", "mpeg2video"]
        case .transportStream: ["-c:v", "mpeg2video", "-f", "mpegts"]
        case .mp4Audio: ["-c:a", "aac"]
        }
    }

    private static func makeAll() throws -> [SampleFile: [UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var fronts: [SampleFile: [UInt8]] = [:]
        for sample in allCases where sample != .heic {
            let target = folder.appending(path: sample.rawValue)
            let source = sample == .mp4Audio ? sound : moving
            let quiet = ["-nostdin", "-loglevel", "error", "-y"]
            try Tool.ffmpeg.run(quiet + source + sample.encoding + [target.path])
            fronts[sample] = try front(of: target)
        }
        let still = folder.appending(path: SampleFile.png.rawValue)
        let heic = folder.appending(path: SampleFile.heic.rawValue)
        try Tool.convert.run([still.path, heic.path])
        fronts[.heic] = try front(of: heic)
        return fronts
    }

    private static func front(of file: URL) throws -> [UInt8] {
        let bytes = try [UInt8](Data(contentsOf: file).prefix(4096))
        guard !bytes.isEmpty else { throw SampleFault("\(file.lastPathComponent) is empty") }
        return bytes
    }
}

/// A program that makes sample files.
private struct Tool {
    let path: String
    let package: String

    static let ffmpeg = Tool(path: "/usr/bin/ffmpeg", package: "ffmpeg")
    static let convert = Tool(path: "/usr/bin/convert", package: "imagemagick")

    func run(_ arguments: [String]) throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw SampleFault("\(path) is missing; install the Debian package \(package)")
        }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let complaints = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = complaints
        try process.run()
        let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw SampleFault("\(path) (Debian package \(package)) \(arguments.joined(separator: " ")): \(said)")
        }
    }
}

struct SampleFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A media type written in a test.
func type(_ text: String) -> MediaType {
    guard let type = MediaType(text) else { preconditionFailure("\(text) is no media type") }
    return type
}
