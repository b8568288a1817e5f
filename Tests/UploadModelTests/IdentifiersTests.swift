import Testing

@testable import UploadModel

@Suite struct IdentifiersTests {
    private static let urlSafe = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// A kind of identifier: how one is made and how its text is read back.
    struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let characters: Int
        let make: @Sendable () -> String
        let read: @Sendable (String) -> String?
    }

    static let kinds = [
        Kind(testDescription: "FileID", characters: 27, make: { FileID.random().text }, read: { FileID($0)?.text }),
        Kind(
            testDescription: "ObjectKey", characters: 27, make: { ObjectKey.random().text },
            read: { ObjectKey($0)?.text }),
        Kind(
            testDescription: "APIKeyID", characters: 12, make: { APIKeyID.random().description },
            read: { APIKeyID($0)?.description }),
        Kind(
            testDescription: "GrantKeyID", characters: 8, make: { GrantKeyID.random().text },
            read: { GrantKeyID($0)?.text }),
    ]

    @Test(arguments: kinds)
    func `fresh ones are different and URL-safe`(kind: Kind) {
        let made = (0..<3000).map { _ in kind.make() }
        #expect(Set(made).count == made.count)
        #expect(made.allSatisfy { $0.utf8.count == kind.characters && $0.utf8.allSatisfy(Self.urlSafe.contains) })
        #expect(made.allSatisfy { kind.read($0) == $0 })
        // Every place takes every character of the alphabet: all bits are random.
        for place in 1..<kind.characters {
            #expect(Set(made.map { Array($0.utf8)[place] }) == Self.urlSafe, "character \(place)")
        }
        // The first is no mark: an id must not look like an option on a command line.
        #expect(Set(made.compactMap(\.utf8.first)) == Self.urlSafe.subtracting(Array("-_".utf8)))
    }

    @Test(arguments: kinds)
    func `other forms are refused`(kind: Kind) {
        let good = String(repeating: "a", count: kind.characters)
        #expect(kind.read(good) == good)
        #expect(kind.read("") == nil)
        #expect(kind.read(good + "a") == nil)
        #expect(kind.read(String(good.dropLast())) == nil)
        for wrong in ["/", ".", "=", "+", " ", "%", "\0", "\n", "~", ",", ":", "@", "[", "`", "{"] {
            for place in [0, kind.characters / 2, kind.characters - 1] {
                var text = Array(good)
                text.replaceSubrange(place...place, with: wrong)
                #expect(kind.read(String(text)) == nil, "\(wrong.debugDescription) at \(place)")
            }
        }
        // As many bytes, or as many characters, but not plain ones.
        #expect(kind.read(String(good.dropLast(2)) + "\u{E9}") == nil)
        #expect(kind.read(String(good.dropLast()) + "\u{E9}") == nil)
        #expect(kind.read(String(good.dropLast()) + "\u{FF21}") == nil)
    }

    @Test(arguments: [
        ("a", true), ("default", true), ("A-b_9", true), (String(repeating: "x", count: 64), true),
        (String(repeating: "x", count: 65), false), ("", false), ("a b", false), ("a/b", false), ("..", false),
        ("\u{E9}", false), ("a\n", false),
    ])
    func `a tenant`(text: String, isOne: Bool) {
        #expect(TenantID(text)?.text == (isOne ? text : nil))
    }

    @Test func `the default tenant can be named`() {
        #expect(TenantID("default") == .default)
        #expect(TenantID.default.description == "default")
    }

    @Test(arguments: [
        ("a", true), ("upload 1/2 \u{E9}\u{1F600}", true), (" ", true), (String(repeating: "x", count: 200), true),
        (String(repeating: "x", count: 201), false), (String(repeating: "\u{E9}", count: 100), true),
        (String(repeating: "\u{E9}", count: 100) + "x", false), ("", false), ("a\nb", false), ("a\0", false),
        ("\u{7F}", false), ("\u{9F}", false), ("\u{A0}", true), ("a\r\nb", false), ("\u{1F}", false),
    ])
    func `an alias`(text: String, isOne: Bool) {
        #expect(UploadAlias(text)?.text == (isOne ? text : nil))
    }

    // MARK: References

    @Test func `text that may be both is read both ways, the id first`() throws {
        let id = FileID.random()
        let alias = try #require(UploadAlias(id.text))
        #expect(UploadReference.readings(of: id.text) == [.fileID(id), .alias(alias)])
    }

    @Test(arguments: ["my-upload", "a b", "\u{1F600}", String(repeating: "x", count: 28)])
    func `other text is an alias`(text: String) throws {
        #expect(UploadReference.readings(of: text) == [.alias(try #require(UploadAlias(text)))])
    }

    @Test(arguments: ["", "\n", "a\u{0}b", String(repeating: "x", count: 201)])
    func `what is neither has no reading`(text: String) {
        #expect(UploadReference.readings(of: text) == [])
    }

    // MARK: Media items

    @Test func `ids of media items are different, and sort by age`() throws {
        let seconds: [Int64] = [0, 1, 15, 16, 1_707_818_400, 1_707_818_401, Int64(UInt32.max)]
        var made: [[String]] = []
        for second in seconds {
            let now = Timestamp(milliseconds: second * 1000 + 999)
            made.append((0..<300).map { _ in MediaItemID.random(now: now).text })
        }
        #expect(Set(made.joined()).count == seconds.count * 300)
        #expect(made.joined().allSatisfy { MediaItemID($0)?.text == $0 })
        for (older, newer) in zip(made, made.dropFirst()) {
            #expect(try #require(older.max()) < #require(newer.min()))
        }
        #expect(made[4].allSatisfy { $0.hasPrefix("65cb3da0") })
    }

    @Test(arguments: [-1, Int64.min, Int64.max, Int64(UInt32.max) * 1000 + 1000])
    func `the id of a media item has its form at any time`(milliseconds: Int64) {
        let id = MediaItemID.random(now: Timestamp(milliseconds: milliseconds))
        #expect(MediaItemID(id.text) == id)
    }

    @Test(arguments: [
        ("65cb3d600123456789abcdef", true), ("000000000000000000000000", true), ("65CB3D600123456789ABCDEF", false),
        ("65cb3d600123456789abcde", false), ("65cb3d600123456789abcdef0", false), ("65cb3d600123456789abcdeg", false),
        ("", false), ("65cb3d600123456789abcd\u{E9}", false), ("65cb3d600123456789abcde ", false),
    ])
    func `the form of a media item's id`(text: String, isOne: Bool) {
        #expect(MediaItemID(text)?.text == (isOne ? text : nil))
    }
}
