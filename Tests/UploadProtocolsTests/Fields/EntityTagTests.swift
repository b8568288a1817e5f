import Testing
import UploadModel
import UploadProtocols

@Suite struct EntityTagTests {
    static let current = EntityTag(opaque: "abc")
    static let weak = EntityTag(opaque: "abc", isWeak: true)

    @Test(arguments: [
        ("\"abc\"", "\"abc\""), ("W/\"abc\"", "W/\"abc\""), (" \"\" ", "\"\""), ("\"a,b\"", "\"a,b\""),
        ("\"ü\"", "\"ü\""), ("abc", nil), ("\"abc", nil), ("w/\"abc\"", nil), ("\"a b\"", nil), ("*", nil), ("", nil),
        ("\"a\",\"b\"", nil), ("\"a\"b", nil),
    ])
    func reads(text: String, written: String?) {
        #expect(EntityTag(text)?.description == written)
    }

    @Test func holdsOnlyTagCharacters() {
        #expect(EntityTag(opaque: "a\"b") == nil)
        #expect(EntityTag(opaque: "a b") == nil)
        #expect(EntityTag(opaque: "a\nb") == nil)
    }

    /// A field, and whether it lets a request for something tagged "abc" (strong, weak) and for nothing proceed.
    static let ifMatchCases: [(field: String?, strong: Bool, weak: Bool, nothing: Bool)] = [
        (nil, true, true, true),
        ("*", true, true, false),
        ("\"abc\"", true, false, false),
        ("\"x\", \"abc\"", true, false, false),
        (",\"x,abc\" ,\"abc\",", true, false, false),
        ("W/\"abc\"", false, false, false),
        ("\"x\"", false, false, false),
        ("\"x,abc\"", false, false, false),
        ("abc", false, false, false),
        ("*, \"abc\"", false, false, false),
        ("", false, false, false),
    ]

    @Test(arguments: ifMatchCases.indices)
    func ifMatch(index: Int) {
        let (field, strong, weak, nothing) = Self.ifMatchCases[index]
        #expect(Precondition.ifMatch(field, current: Self.current) == strong)
        #expect(Precondition.ifMatch(field, current: Self.weak) == weak)
        #expect(Precondition.ifMatch(field, current: nil) == nothing)
    }

    static let ifNoneMatchCases: [(field: String?, strong: Bool, weak: Bool, nothing: Bool)] = [
        (nil, true, true, true),
        ("*", false, false, true),
        ("\"abc\"", false, false, true),
        ("W/\"abc\"", false, false, true),
        ("\"x\",W/\"abc\"", false, false, true),
        ("\"x\"", true, true, true),
        ("\"x,abc\"", true, true, true),
        ("abc", true, true, true),
        ("", true, true, true),
    ]

    @Test(arguments: ifNoneMatchCases.indices)
    func ifNoneMatch(index: Int) {
        let (field, strong, weak, nothing) = Self.ifNoneMatchCases[index]
        #expect(Precondition.ifNoneMatch(field, current: Self.current) == strong)
        #expect(Precondition.ifNoneMatch(field, current: Self.weak) == weak)
        #expect(Precondition.ifNoneMatch(field, current: nil) == nothing)
    }

    @Test(arguments: [
        (String?.none, true), ("\"abc\"", true), ("W/\"abc\"", false), ("\"x\"", false), ("*", false),
        ("\"abc\", \"x\"", false), ("Sun, 06 Nov 1994 08:49:37 GMT", true), ("Sun, 06 Nov 1994 08:49:38 GMT", false),
        ("yesterday", false),
    ])
    func ifRange(field: String?, counts: Bool) {
        let modified = Timestamp(milliseconds: 784_111_777_500)
        #expect(Precondition.ifRange(field, current: Self.current, lastModified: modified) == counts)
    }

    @Test func ifRangeNeedsSomethingToCompare() {
        #expect(!Precondition.ifRange("\"abc\"", current: nil))
        #expect(!Precondition.ifRange("\"abc\"", current: Self.weak))
        #expect(!Precondition.ifRange("Sun, 06 Nov 1994 08:49:37 GMT", current: Self.current))
    }
}
