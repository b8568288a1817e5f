import UploadModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension MediaExaminer {
    func videoFacts(
        ofFileAt path: String, type: MediaType, container: VideoContainer
    ) async throws(ExaminationFault) -> MediaFacts {
        let unreadable = "The file cannot be read as \(type)."
        let said = try await output(
            of: .ffprobe,
            ["-v", "error", "-hide_banner", "-protocol_whitelist", "file"] + container.demuxerArguments
                + ["-show_entries", ProbeReport.entries, "-of", "json=compact=1", path],
            unreadable: unreadable, paths: [path])
        let report: ProbeReport
        do {
            report = try JSONDecoder().decode(ProbeReport.self, from: Data(said))
        } catch {
            throw ExaminationFault(.unreadable, unreadable, cause: "ffprobe's answer has another form: \(error)")
        }
        let facts = report.facts
        guard facts.videoCodec != nil || facts.audioCodec != nil else {
            throw ExaminationFault(.unreadable, "The file holds neither picture nor sound that can be read.")
        }
        return facts
    }
}

/// The part of ffprobe's JSON that is asked for. What ffprobe does not know it leaves out, or calls `N/A`.
struct ProbeReport: Decodable {
    static let entries =
        "stream=codec_type,codec_name,width,height,avg_frame_rate,duration:stream_disposition=attached_pic"
        + ":stream_side_data=rotation:format=duration"

    struct Stream: Decodable {
        struct Disposition: Decodable {
            var attached_pic: Int?
        }

        struct SideData: Decodable {
            var rotation: Double?
        }

        var codec_type: String?
        var codec_name: String?
        var width: Int?
        var height: Int?
        var avg_frame_rate: String?
        var duration: String?
        var disposition: Disposition?
        var side_data_list: [SideData]?
    }

    struct Format: Decodable {
        var duration: String?
    }

    var streams: [Stream]?
    var format: Format?

    var facts: MediaFacts {
        let streams = streams ?? []
        let video = streams.first { $0.codec_type == "video" && $0.disposition?.attached_pic != 1 }
        let audio = streams.first { $0.codec_type == "audio" }
        let isTurned = video?.isOnItsSide ?? false
        let width = video?.width.flatMap(Self.size)
        let height = video?.height.flatMap(Self.size)
        return MediaFacts(
            widthPixels: isTurned ? height : width, heightPixels: isTurned ? width : height,
            durationMilliseconds: Self.milliseconds(format?.duration)
                ?? streams.compactMap { Self.milliseconds($0.duration) }.max(),
            videoCodec: video?.codec, audioCodec: audio?.codec,
            framesPerThousandSeconds: video?.avg_frame_rate.flatMap(Self.framesPerThousandSeconds))
    }

    private static func size(_ pixels: Int) -> Int? { pixels > 0 ? pixels : nil }

    /// `2.002000`; at most a thousand years, which is where an `Int64` of milliseconds is far from its end.
    static func milliseconds(_ seconds: String?) -> Int64? {
        guard let seconds = seconds.flatMap(Double.init), seconds >= 0, seconds < 3.2e10 else { return nil }
        return Int64((seconds * 1000).rounded())
    }

    /// `30000/1001`; `0/0` when it is not known.
    static func framesPerThousandSeconds(_ rate: String) -> Int64? {
        let terms = rate.split(separator: "/", omittingEmptySubsequences: false).map { Int32($0) }
        guard terms.count == 2, let frames = terms[0], let seconds = terms[1], frames > 0, seconds > 0 else {
            return nil
        }
        return (Int64(frames) * 1000 + Int64(seconds) / 2) / Int64(seconds)
    }
}

extension ProbeReport.Stream {
    /// A quarter turn either way; the angle is in degrees, and anything that is not about a quarter is none.
    fileprivate var isOnItsSide: Bool {
        guard let angle = side_data_list?.lazy.compactMap(\.rotation).first,
            angle.magnitude <= 360
        else { return false }
        return (45..<135).contains(angle.magnitude.truncatingRemainder(dividingBy: 180))
    }

    fileprivate var codec: String? {
        codec_name.flatMap { ["", "unknown", "none", "N/A"].contains($0) ? nil : $0 }
    }
}
