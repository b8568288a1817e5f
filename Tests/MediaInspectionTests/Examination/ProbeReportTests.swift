import Foundation
import Testing
import UploadModel

@testable import MediaInspection

/// What ffprobe's answer means, also where it is odd.
@Suite struct ProbeReportTests {
    @Test(arguments: [
        ("30000/1001", 29_970), ("24000/1001", 23_976), ("25/1", 25_000), ("1/3", 333), ("2/3", 667), ("0/0", nil),
        ("0/1", nil), ("30/0", nil), ("-30/1", nil), ("30", nil), ("30/1/1", nil), ("", nil), ("N/A", nil),
        ("2147483647/1", 2_147_483_647_000), ("99999999999/1", nil),
    ])
    func `frames in a thousand seconds`(rate: String, expected: Int64?) {
        #expect(ProbeReport.framesPerThousandSeconds(rate) == expected)
    }

    @Test(arguments: [
        ("2.002000", 2002), ("0.000000", 0), ("0.0005", 1), ("3600", 3_600_000), ("N/A", nil), ("-1.0", nil),
        ("nan", nil), ("inf", nil), ("1e300", nil), ("", nil), (nil, nil),
    ])
    func `milliseconds of a duration`(seconds: String?, expected: Int64?) {
        #expect(ProbeReport.milliseconds(seconds) == expected)
    }

    @Test(arguments: [
        (90.0, true), (-90, true), (270, true), (-270, true), (89.6, true), (0, false), (180, false), (-180, false),
        (359, false), (-2_147_483_648, false), (1e300, false),
    ])
    func `a quarter turn changes width and height`(rotation: Double, isTurned: Bool) throws {
        let json = """
            {"streams": [{"codec_type": "video", "codec_name": "h264", "width": 4, "height": 3,
              "side_data_list": [{}, {"rotation": \(rotation)}]}]}
            """
        let facts = try JSONDecoder().decode(ProbeReport.self, from: Data(json.utf8)).facts
        #expect(facts.size == (isTurned ? "3x4" : "4x3"))
    }

    @Test(arguments: [
        ("{}", MediaFacts()),
        (#"{"streams": [], "format": {}}"#, MediaFacts()),
        (#"{"streams": [{"codec_type": "video", "codec_name": "unknown", "width": 0, "height": -1}]}"#, MediaFacts()),
        (
            #"{"streams": [{"codec_type": "data"}, {"codec_type": "video", "disposition": {"attached_pic": 1}},"#
                + #"{"codec_type": "video", "codec_name": "vp9", "duration": "1.5"}], "format": {"duration": "N/A"}}"#,
            MediaFacts(durationMilliseconds: 1500, videoCodec: "vp9")
        ),
    ])
    func `what is missing or hidden stays out`(json: String, expected: MediaFacts) throws {
        #expect(try JSONDecoder().decode(ProbeReport.self, from: Data(json.utf8)).facts == expected)
    }
}
