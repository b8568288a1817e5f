import Foundation
import MediaInspection
import Testing
import UploadModel

/// ffprobe on real files, and on files that are not what they claim.
@Suite struct MediaExaminerVideoTests {
    private static let picture = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=30000/1001:duration=2"]
    private static let sound = ["-f", "lavfi", "-i", "sine=duration=2"]

    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let type: String
        let encoding: [String]
        let facts: MediaFacts

        var testDescription: String { name }
    }

    /// Two seconds each; what muxers make of them differs by a frame or two, and a bare stream does not tell.
    static let samples: [Sample] = [
        Sample(
            name: "a.mp4", type: "video/mp4", encoding: ["-c:v", "libx264", "-c:a", "aac"],
            facts: facts(2000, "h264", "aac")),
        Sample(
            name: "a.mov", type: "video/quicktime", encoding: ["-c:v", "libx265", "-tag:v", "hvc1", "-c:a", "aac"],
            facts: facts(2000, "hevc", "aac")),
        Sample(
            name: "a.m4v", type: "video/m4v", encoding: ["-c:v", "libx264", "-an", "-f", "ipod"],
            facts: facts(2000, "h264", nil)),
        Sample(
            name: "a.webm", type: "video/webm",
            encoding: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"],
            facts: facts(2000, "vp9", "opus")),
        Sample(
            name: "a.mkv", type: "video/x-matroska", encoding: ["-c:v", "libx264", "-an"],
            facts: facts(2000, "h264", nil)),
        Sample(
            name: "a.avi", type: "video/x-msvideo", encoding: ["-c:v", "mpeg4", "-an"], facts: facts(2000, "mpeg4", nil)
        ),
        Sample(
            name: "a.mpg", type: "video/mpeg", encoding: ["-c:v", "mpeg1video", "-an", "-f", "mpeg"],
            facts: facts(2000, "mpeg1video", nil)),
        Sample(
            name: "a.m2v", type: "video/mpeg", encoding: ["-c:v", "mpeg2video", "-an", "-f", "mpeg2video"],
            facts: facts(nil, "mpeg2video", nil)),
        Sample(
            name: "sound.mp4", type: "video/mp4", encoding: ["-map", "1", "-c:a", "aac"],
            facts: MediaFacts(durationMilliseconds: 2000, audioCodec: "aac")),
    ]

    private static func facts(_ milliseconds: Int64?, _ video: String, _ audio: String?) -> MediaFacts {
        MediaFacts(
            widthPixels: 320, heightPixels: 240, durationMilliseconds: milliseconds, videoCodec: video,
            audioCodec: audio, framesPerThousandSeconds: 29_970)
    }

    @Test(arguments: samples)
    func `facts of a real file`(sample: Sample) async throws {
        let shop = try Workshop()
        let file = try shop.ffmpeg(Self.picture + Self.sound + sample.encoding, sample.name)
        var facts = try await MediaExaminer().facts(ofFileAt: file, type: type(sample.type))
        if let milliseconds = facts.durationMilliseconds, (1900...2100).contains(milliseconds) {
            facts.durationMilliseconds = 2000
        }
        #expect(facts == sample.facts)
    }

    @Test(arguments: [(0, "320x240"), (90, "240x320"), (180, "320x240"), (270, "240x320")])
    func `a turned video is as it is shown`(degrees: Int, shown: String) async throws {
        let shop = try Workshop()
        let flat = try shop.ffmpeg(Self.picture + ["-c:v", "libx264"], "flat.mp4")
        let file = try shop.ffmpeg(
            ["-i", flat, "-c", "copy", "-metadata:s:v", "rotate=\(degrees)"], "turned.mp4")
        let facts = try await MediaExaminer().facts(ofFileAt: file, type: type("video/mp4"))
        #expect(facts.size == shown)
    }

    @Test func `a cover picture is no video`() async throws {
        let shop = try Workshop()
        let cover = try shop.convert(["-size", "64x48", "xc:red"], "cover.jpg")
        let file = try shop.ffmpeg(
            Self.sound + ["-i", cover, "-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "copy"]
                + ["-disposition:v", "attached_pic"], "song.mp4")
        let facts = try await MediaExaminer().facts(ofFileAt: file, type: type("video/mp4"))
        #expect(facts.videoCodec == nil && facts.widthPixels == nil)
        #expect(facts.audioCodec == "aac")
    }

    static let claims: [(name: String, text: String, type: String)] = [
        ("playlist", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nreal.mp4\n#EXT-X-ENDLIST\n", "video/mp4"),
        ("playlist", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nreal.mp4\n#EXT-X-ENDLIST\n", "video/mpeg"),
        ("concat script", "ffconcat version 1.0\nfile real.mp4\n", "video/mp4"),
        ("concat script", "ffconcat version 1.0\nfile real.mp4\n", "video/mpeg"),
        ("concat script", "ffconcat version 1.0\nfile real.mp4\n", "video/webm"),
        ("page", "<!DOCTYPE html><html><body>hello</body></html>", "video/mp4"),
        ("nothing", "", "video/mp4"),
        ("nothing", "", "video/webm"),
        ("nothing", "", "video/mpeg"),
    ]

    @Test(arguments: claims)
    func `text is no video, whatever it names`(name: String, text: String, claimed: String) async throws {
        let shop = try Workshop()
        _ = try shop.ffmpeg(Self.picture + ["-c:v", "libx264"], "real.mp4")
        let file = try shop.write(Array(text.utf8), as: "claimed.mp4")
        let fault = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().facts(ofFileAt: file, type: type(claimed))
        }
        #expect(fault.code == .unreadable)
        #expect(fault.message == "The file cannot be read as \(claimed).")
        #expect(fault.cause?.contains(shop.folder) == false)
    }

    @Test func `one container is not read as another`() async throws {
        let shop = try Workshop()
        let file = try shop.ffmpeg(Self.picture + ["-c:v", "libx264"], "a.mkv")
        let fault = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().facts(ofFileAt: file, type: type("video/mp4"))
        }
        #expect(fault.code == .unreadable)
    }

    @Test func `a video cut before its index is unreadable`() async throws {
        let shop = try Workshop()
        let whole = try shop.bytes(of: try shop.ffmpeg(Self.picture + ["-c:v", "libx264"], "a.mp4"))
        let file = try shop.write(Array(whole.prefix(whole.count / 2)), as: "cut.mp4")
        let fault = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().facts(ofFileAt: file, type: type("video/mp4"))
        }
        #expect(fault.code == .unreadable)
    }

    @Test func `a missing file is the server's fault`() async throws {
        let shop = try Workshop()
        let fault = try await fault { () throws(ExaminationFault) in
            try await MediaExaminer().facts(ofFileAt: shop.path("absent"), type: type("video/mp4"))
        }
        #expect(fault.code == .failed)
        #expect(!fault.message.contains(shop.folder))
    }

    @Test func `too little memory is a limit`() async throws {
        let shop = try Workshop()
        let file = try shop.ffmpeg(Self.picture + ["-c:v", "libx264"], "a.mp4")
        let examiner = MediaExaminer(limits: ExaminationLimits { $0.memoryBytes = 96 << 20 })
        let fault = try await fault { () throws(ExaminationFault) in
            try await examiner.facts(ofFileAt: file, type: type("video/mp4"))
        }
        #expect(fault.code == .limit)
        #expect(fault.message == "Reading the file takes more than 96 MiB of memory.")
    }

    @Test func `an answer that is too long is a limit`() async throws {
        let shop = try Workshop()
        let file = try shop.ffmpeg(Self.picture + ["-c:v", "libx264"], "a.mp4")
        let examiner = MediaExaminer(limits: ExaminationLimits { $0.outputBytes = 40 })
        let fault = try await fault { () throws(ExaminationFault) in
            try await examiner.facts(ofFileAt: file, type: type("video/mp4"))
        }
        #expect(fault.code == .limit)
        #expect(fault.message == "The decoder answered with more than 40 bytes.")
    }
}
