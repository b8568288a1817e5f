import Testing
import UploadModel
import UploadProtocols

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The grammar of RFC 8259, as a gallery upload is held to it.
@Suite struct GalleryUploadJSONTests {
    static let refused: [(text: String, fault: JSONFault)] = [
        ("", .endedEarly),
        (" ", .endedEarly),
        ("[]", .notAnObject),
        ("\"a\"", .notAnObject),
        ("null", .notAnObject),
        ("\u{FEFF}\u{FEFF}{}", .notAnObject),
        (" \u{FEFF}{}", .notAnObject),
        ("{} {}", .trailingByte(offsetBytes: 3)),
        (#"{"file":""}x"#, .trailingByte(offsetBytes: 11)),
        ("{,}", .unexpectedByte(UInt8(ascii: ","), offsetBytes: 1)),
        ("{\"a\":1,}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 7)),
        ("{\"a\" 1}", .unexpectedByte(UInt8(ascii: "1"), offsetBytes: 5)),
        ("{\"a\":}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 5)),
        ("{\"a\":1 \"b\":2}", .unexpectedByte(UInt8(ascii: "\""), offsetBytes: 7)),
        ("{a:1}", .unexpectedByte(UInt8(ascii: "a"), offsetBytes: 1)),
        ("{'a':1}", .unexpectedByte(UInt8(ascii: "'"), offsetBytes: 1)),
        ("{\"a\":'b'}", .unexpectedByte(UInt8(ascii: "'"), offsetBytes: 5)),
        ("{\"a\":[1,]}", .unexpectedByte(UInt8(ascii: "]"), offsetBytes: 8)),
        ("{\"a\":[,1]}", .unexpectedByte(UInt8(ascii: ","), offsetBytes: 6)),
        ("{\"a\":[1}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 7)),
        ("{\"a\":{\"b\":1]", .unexpectedByte(UInt8(ascii: "]"), offsetBytes: 11)),
        ("{\"a\":{\"b\"}}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 9)),
        ("{\"a\":{1:2}}", .unexpectedByte(UInt8(ascii: "1"), offsetBytes: 6)),
        ("{\"a\":\u{B}1}", .unexpectedByte(0x0B, offsetBytes: 5)),
        ("{\"a\":/* */1}", .unexpectedByte(UInt8(ascii: "/"), offsetBytes: 5)),
        // Words and numbers.
        ("{\"a\":tru}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 8)),
        ("{\"a\":True}", .unexpectedByte(UInt8(ascii: "T"), offsetBytes: 5)),
        ("{\"a\":nulls}", .unexpectedByte(UInt8(ascii: "s"), offsetBytes: 9)),
        ("{\"a\":NaN}", .unexpectedByte(UInt8(ascii: "N"), offsetBytes: 5)),
        ("{\"a\":01}", .unexpectedByte(UInt8(ascii: "1"), offsetBytes: 6)),
        ("{\"a\":-}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 6)),
        ("{\"a\":-01}", .unexpectedByte(UInt8(ascii: "1"), offsetBytes: 7)),
        ("{\"a\":+1}", .unexpectedByte(UInt8(ascii: "+"), offsetBytes: 5)),
        ("{\"a\":.5}", .unexpectedByte(UInt8(ascii: "."), offsetBytes: 5)),
        ("{\"a\":1.}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 7)),
        ("{\"a\":1e}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 7)),
        ("{\"a\":1e+}", .unexpectedByte(UInt8(ascii: "}"), offsetBytes: 8)),
        ("{\"a\":1.5.5}", .unexpectedByte(UInt8(ascii: "."), offsetBytes: 8)),
        ("{\"a\":0x10}", .unexpectedByte(UInt8(ascii: "x"), offsetBytes: 6)),
        ("{\"a\":[1e5e5]}", .unexpectedByte(UInt8(ascii: "e"), offsetBytes: 9)),
        // Text.
        ("{\"a\":\"b\nc\"}", .controlCharacter(offsetBytes: 7)),
        ("{\"file\":\"aGVs\nbG8=\"}", .controlCharacter(offsetBytes: 13)),
        ("{\"a\":[\"\u{1F}\"]}", .controlCharacter(offsetBytes: 7)),
        ("{\"a\":\"\\x\"}", .escapeMalformed(offsetBytes: 7)),
        ("{\"a\":\"\\U0041\"}", .escapeMalformed(offsetBytes: 7)),
        ("{\"a\":\"\\u00g0\"}", .escapeMalformed(offsetBytes: 10)),
        ("{\"a\":[\"\\u12\"]}", .escapeMalformed(offsetBytes: 11)),
        ("{\"file\":\"\\'\"}", .escapeMalformed(offsetBytes: 10)),
        ("{\"a\":\"\\ud83d\"}", .surrogateAlone(offsetBytes: 12)),
        ("{\"a\":\"\\ud83dx\"}", .surrogateAlone(offsetBytes: 12)),
        ("{\"a\":\"\\ud83d\\n\"}", .surrogateAlone(offsetBytes: 13)),
        ("{\"a\":\"\\ud83d\\ud83d\"}", .surrogateAlone(offsetBytes: 17)),
        ("{\"a\":\"\\ud83d\\u0041\"}", .surrogateAlone(offsetBytes: 17)),
        ("{\"a\":\"\\ude00\"}", .surrogateAlone(offsetBytes: 11)),
        ("{\"file\":\"\\ud83d\"}", .surrogateAlone(offsetBytes: 15)),
        // Names.
        ("{\"a\":1,\"a\":2}", .memberRepeated(name: "a")),
        ("{\"file\":\"\",\"file\":\"\"}", .memberRepeated(name: "file")),
        ("{\"file\":null,\"\\u0066ile\":\"\"}", .memberRepeated(name: "file")),
    ]

    @Test(arguments: refused.indices)
    func refuses(index: Int) {
        let (text, fault) = Self.refused[index]
        let body = Array(text.utf8)
        let whole = ReadGallery(body)
        #expect(whole.fault == .json(fault))
        for cut in 0...body.count { #expect(ReadGallery(body, cuts: [cut]) == whole, "cut at \(cut)") }
        #expect(ReadGallery(body, cuts: Array(stride(from: 1, to: body.count, by: 1))) == whole, "byte by byte")
        #expect(!fault.detail.isEmpty)
        #expect(fault.uploadFault.fields.map(\.field) == [fault.field ?? "body"])
    }

    @Test func namesAndTextAreUTF8() {
        let quote = UInt8(ascii: "\"")
        for bad: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
            let text = Array(#"{"a":""#.utf8) + bad + [quote, UInt8(ascii: "}")]
            #expect(ReadGallery(text).fault == .json(.notUTF8(member: "a")))
            let name = Array(#"{""#.utf8) + bad + Array(#"":1}"#.utf8)
            #expect(ReadGallery(name).fault == .json(.notUTF8(member: nil)))
        }
        #expect(ReadGallery("{\0\"\0").fault == .json(.unexpectedByte(0, offsetBytes: 1)))
    }

    @Test func nestingHasALimit() {
        func body(levels: Int, _ opening: String, _ closing: String) -> String {
            "{\"file\":\"\",\"a\":" + String(repeating: opening, count: levels - 1) + "1"
                + String(repeating: closing, count: levels - 1) + "}"
        }
        for (opening, closing) in [("[", "]"), ("{\"b\":", "}"), ("[{\"c\":", "}]")] {
            let step = opening.hasPrefix("[{") ? 2 : 1
            #expect(ReadGallery(body(levels: 31 / step + 1, opening, closing)).fault == nil)
            #expect(
                ReadGallery(body(levels: 31 / step + 2, opening, closing)).fault == .json(.tooDeep(limitLevels: 32)))
        }
    }

    /// Damaged bodies are taken or refused as another reader does it.
    @Test(arguments: 0..<40)
    func damageIsJudgedLikeElsewhere(round: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = FormGenerator(seed: seed)
        let sound = Array(
            #"{"a":[1,-2.5e-7,0.1,true,false,null,"\u00e4\"\n"],"b":{"c":{},"d":[]},"e":"x","f":12,"g":null,"file":""}"#
                .utf8)
        let alphabet = Array(#"{}[]",:\u0159-+.eEtrufalsn  "#.utf8)
        for _ in 0..<50 {
            var body = sound
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                let place = Int.random(in: 0..<body.count, using: &random)
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                switch Int.random(in: 0...3, using: &random) {
                case 0: body.remove(at: place)
                case 1: body.insert(byte, at: place)
                case 2: body.swapAt(place, Int.random(in: 0..<body.count, using: &random))
                default: body[place] = byte
                }
            }
            let read = ReadGallery(body)
            guard let isJSON = Self.isJSONObject(body, unless: read.fault) else { continue }
            let wasRefused = if case .json = read.fault { true } else { false }
            #expect(isJSON == !wasRefused, "seed \(seed): \(String(decoding: body, as: UTF8.self))")
        }
    }

    /// What another reader says; `nil` where it is known to judge otherwise.
    private static func isJSONObject(_ body: [UInt8], unless fault: GalleryUploadFault?) -> Bool? {
        switch fault {
        // It takes members that stand twice, halves of surrogate pairs, and a comma behind the last entry.
        case .json(.memberRepeated), .json(.surrogateAlone): nil
        case .json(.unexpectedByte(let byte, let offset))
        where "]}".utf8.contains(byte) && body[..<offset].last { $0 != UInt8(ascii: " ") } == UInt8(ascii: ","):
            nil
        // It was not read to its end.
        case .notBase64, .base64CutShort, .paddingMisplaced, .fieldNotText, .fileNotText, .dataURIMalformed: nil
        default: (try? JSONDecoder().decode([String: Wire].self, from: Data(body))) != nil
        }
    }
}
