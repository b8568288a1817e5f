import Testing
import UploadModel

@testable import UploadProtocols

@Suite struct PlatformLimitsTests {
    /// The message about one field; `nil` when the form is taken.
    static func message(_ field: String, _ value: String, _ kind: MediaKind) throws -> String? {
        do throws(FormFault) {
            _ = try MediaItemForm.request(
                from: [("platforms", "linkedin"), (field, value)], kind: kind, now: nil)
            return nil
        } catch {
            #expect(error.fields.map(\.field) == [field])
            return error.fields.first?.message
        }
    }

    /// A field, a piece of text, how many of them still fit, what one more is said to be.
    static let limits: [(field: String, kind: MediaKind, piece: String, fits: Int, message: String)] = [
        ("youtubeTitle", .video, "ü", 100, "has 101 characters; at most 100 are allowed."),
        ("youtubeTitle", .video, "😀", 100, "has 101 characters; at most 100 are allowed."),
        // Two, three and four bytes of UTF-8.
        ("youtubeDescription", .video, "x", 5_000, "has 5001 bytes; at most 5000 are allowed."),
        ("youtubeDescription", .video, "ü", 2_500, "has 5002 bytes; at most 5000 are allowed."),
        ("youtubeDescription", .video, "€", 1_666, "has 5001 bytes; at most 5000 are allowed."),
        ("youtubeDescription", .video, "😀", 1_250, "has 5004 bytes; at most 5000 are allowed."),
        ("instagramCaption", .image, "😀", 2_200, "has 2201 characters; at most 2200 are allowed."),
        ("instagramCaption", .video, "ü", 2_200, "has 2201 characters; at most 2200 are allowed."),
        // One and two UTF-16 units; images have more room.
        ("tiktokCaption", .video, "ü", 2_200, "has 2201 UTF-16 units; at most 2200 are allowed for videos."),
        ("tiktokCaption", .video, "😀", 1_100, "has 2202 UTF-16 units; at most 2200 are allowed for videos."),
        ("tiktokCaption", .image, "ü", 4_000, "has 4001 UTF-16 units; at most 4000 are allowed for images."),
        ("tiktokCaption", .image, "😀", 2_000, "has 4002 UTF-16 units; at most 4000 are allowed for images."),
        ("linkedinComment", .image, "😀", 3_000, "has 3001 characters; at most 3000 are allowed."),
        ("pinterestTitle", .image, "ü", 100, "has 101 characters; at most 100 are allowed."),
        ("pinterestDescription", .video, "😀", 800, "has 801 characters; at most 800 are allowed."),
    ]

    @Test(arguments: limits.indices)
    func countsAsThePlatformCounts(index: Int) throws {
        let (field, kind, piece, fits, message) = Self.limits[index]
        #expect(try Self.message(field, String(repeating: piece, count: fits), kind) == nil)
        let tooLong = String(repeating: piece, count: fits + 1)
        // The value is told too, shortened.
        let expected = "\"\(String(repeating: piece, count: 40))…\" \(message)"
        #expect(try Self.message(field, tooLong, kind) == expected)
    }

    @Test(arguments: [(Platform.tiktok, "tiktokCaption", 4_000), (.instagram, "instagramCaption", 2_200)])
    func unknownKindHasTheWidestLimit(platform: Platform, field: String, widest: Int) {
        var reader = PlatformSettingsReader(platform: platform)
        let longest = String(repeating: "x", count: widest)
        #expect(reader.read(FormFields([(field, longest)])) == "{\"caption\":\"\(longest)\"}")
        #expect(reader.faults.isEmpty)
        _ = reader.read(FormFields([(field, longest + "x")]))
        #expect(reader.faults.count == 1)
        // It names no kind.
        #expect(reader.faults.allSatisfy { $0.message.hasSuffix("; at most \(widest) are allowed.") })
    }

    @Test(arguments: ["youtubeTitle", "youtubeDescription"], ["<", ">"])
    func youtubeRefusesAngleBrackets(field: String, bracket: String) throws {
        let message = try Self.message(field, "a \(bracket) b", .video)
        #expect(message == "\"a \(bracket) b\" holds \(bracket); < and > are not allowed.")
        #expect(try Self.message("pinterestTitle", "a \(bracket) b", .video) == nil)
    }

    static let tags: [(value: String, message: String?)] = [
        (String(repeating: "#a ", count: 30) + String(repeating: "@b ", count: 20), nil),
        (String(repeating: "#a ", count: 31), "has 31 hashtags; at most 30 are allowed."),
        (String(repeating: "(#é)", count: 31), "has 31 hashtags; at most 30 are allowed."),
        (String(repeating: "@_b ", count: 21), "has 21 mentions; at most 20 are allowed."),
        // No tags.
        (String(repeating: "# ", count: 40), nil),
        (String(repeating: "a#1 ", count: 40), nil),
        (String(repeating: "a@example.com ", count: 40), nil),
    ]

    @Test(arguments: tags.indices)
    func countsTagsOfInstagram(index: Int) throws {
        let (value, message) = Self.tags[index]
        let told = try Self.message("instagramCaption", value, .image)
        #expect(told.map { $0.hasSuffix(message ?? "nothing") } ?? (message == nil), "\(told ?? "")")
        #expect(try Self.message("tiktokCaption", value, .image) == nil)
    }

    @Test(arguments: ["youtubeTitle", "instagramCaption", "tiktokCaption", "linkedinComment", "pinterestTitle"])
    func controlCharactersAreRefusedEverywhere(field: String) throws {
        let message = try Self.message(field, "a\u{7}b", .video)
        #expect(message == "\"a\u{FFFD}b\" holds a control character; only tabs and line ends are allowed.")
    }
}
