import Testing
import UploadModel
import UploadProtocols

@Suite struct GalleryUploadParserTests {
    static let bodies: [(text: String, summary: [String])] = [
        (
            #"{"file":"data:image/png;base64,aGVsbG8=","fileName":"test.png","description":"best image"}"#,
            ["file:image/png=hello", "fileName=test.png", "description=best image"]
        ),
        (#"{"file":"aGVsbG8="}"#, ["file:-=hello"]),
        (#"{"fileName":"a.png","file":"aGVsbG8"}"#, ["fileName=a.png", "file:-=hello"]),
        (#" { "file" : "aGVsbG8=" , "a" : "b" } "# + "\r\n\t", ["file:-=hello", "a=b"]),
        ("\u{FEFF}{\"file\":\"aGVsbG8=\"}", ["file:-=hello"]),
        // Names are compared after their escapes.
        (#"{"\u0066il\u0065":"aGVsbG8="}"#, ["file:-=hello"]),
        // Data URIs: case, parameters, no type, spaces before base64.
        (#"{"file":"DATA:Image/PNG;Base64,aGVsbG8="}"#, ["file:image/png=hello"]),
        (#"{"file":"data:image/png;name=a.png;base64,aGVsbG8="}"#, ["file:image/png=hello"]),
        (#"{"file":"data:;base64,aGVsbG8="}"#, ["file:-=hello"]),
        (#"{"file":"data:;charset=utf-8;base64,aGVsbG8="}"#, ["file:-=hello"]),
        (#"{"file":"data:image/png; base64 ,aGVsbG8="}"#, ["file:image/png=hello"]),
        (#"{"file":"data:image\/png;base64,aGVsbG8="}"#, ["file:image/png=hello"]),
        (#"{"file":"\u0064ata\u003Aimage/png;base64\u002caGVsbG8="}"#, ["file:image/png=hello"]),
        // Text that begins like a data URI and is base64.
        (#"{"file":"da"}"#, ["file:-=u"]),
        (#"{"file":"D\na"}"#, ["file:-=\r"]),
        (#"{"file":""}"#, ["file:-="]),
        (#"{"file":"data:image/gif;base64,"}"#, ["file:image/gif="]),
        // Base64: line ends, escapes, no padding, padding with line ends between.
        (#"{"file":"aGV\r\nsbG\n8=\r\n"}"#, ["file:-=hello"]),
        (#"{"file":"aGVsb\u00478\u003d"}"#, ["file:-=hello"]),
        (#"{"file":"aGVsbA=\n=\n"}"#, ["file:-=hell"]),
        (#"{"file":"aGVsbA"}"#, ["file:-=hell"]),
        (#"{"file":"Pz8/Pj4+"}"#, ["file:-=???>>>"]),
        (#"{"file":"Pz8\/Pj4\u002b"}"#, ["file:-=???>>>"]),
        (#"{"file":"Pz8_Pj4-"}"#, ["file:-=???>>>"]),
        // Other members: kinds of values, escapes, absent ones, nested ones.
        (
            #"{"file":"","a":"","b":true,"c":false,"d":null,"e":-1.50E+3,"f":0}"#,
            ["file:-=", "a=", "b=true", "c=false", "e=-1.50E+3", "f=0"]
        ),
        (
            #"{"a":"\"\\\/\b\f\n\r\t\u00fc\u20AC\ud83d\uDE00ü😀","file":""}"#,
            ["a=\"\\/\u{8}\u{C}\n\r\tü€😀ü😀", "file:-="]
        ),
        (
            #"{"x":{"file":"no","a":[1,-2.5e-7,true,false,null,"\u00e4\"]}",{},[]]},"y":[],"z":{},"file":"aGVsbG8="}"#,
            ["file:-=hello"]
        ),
        (#"{"a":null,"file":"","fileName":null,"description":null,"b":1}"#, ["file:-=", "b=1"]),
    ]

    @Test(arguments: bodies.indices)
    func readsWholeAndInPieces(index: Int) {
        let (text, summary) = Self.bodies[index]
        let body = Array(text.utf8)
        let whole = ReadGallery(body)
        #expect(whole.summary == summary)
        #expect(whole.fault == nil)
        for first in 0...body.count {
            #expect(ReadGallery(body, cuts: [first]) == whole, "cut at \(first)")
            for second in first...min(first + 12, body.count) {
                #expect(ReadGallery(body, cuts: [first, second]) == whole, "cuts at \(first) and \(second)")
            }
        }
        #expect(ReadGallery(body, cuts: Array(1..<body.count)) == whole, "byte by byte")
    }

    @Test(arguments: bodies.indices)
    func everyPrefixIsIncomplete(index: Int) {
        let object = Self.bodies[index].text.utf8.lastIndex(of: UInt8(ascii: "}"))
        guard let object else { return }
        let body = Array(Self.bodies[index].text.utf8[..<object])
        for count in 0...body.count {
            #expect(ReadGallery(Array(body.prefix(count))).fault == .json(.endedEarly), "prefix of \(count)")
        }
    }

    static let refused: [(text: String, fault: GalleryUploadFault)] = [
        // No file, or none that is text.
        ("{}", .fileMissing),
        (#"{"fileName":"a.png"}"#, .fileMissing),
        (#"{"file":null}"#, .fileMissing),
        (#"{"file":5}"#, .fileNotText),
        (#"{"file":true}"#, .fileNotText),
        (#"{"file":["aGVsbG8="]}"#, .fileNotText),
        (#"{"file":{}}"#, .fileNotText),
        (#"{"fileName":{},"file":""}"#, .fieldNotText(name: "fileName")),
        (#"{"file":"","description":["a"]}"#, .fieldNotText(name: "description")),
        // Data URIs.
        (#"{"file":"data:image/png,%89PNG"}"#, .dataURINotBase64),
        (#"{"file":"data:,hello"}"#, .dataURINotBase64),
        (#"{"file":"data:base64,aGVsbG8="}"#, .dataURINotBase64),
        (#"{"file":"data:image/png;base64;x=y,aGVsbG8="}"#, .dataURINotBase64),
        (#"{"file":"data:image;base64,aGVsbG8="}"#, .dataURIMalformed),
        (#"{"file":"data:image/png/x;base64,aGVsbG8="}"#, .dataURIMalformed),
        (#"{"file":"data:image/png;x=ü;base64,aGVsbG8="}"#, .dataURIMalformed),
        (#"{"file":"data:image/png;x=\n;base64,aGVsbG8="}"#, .dataURIMalformed),
        (#"{"file":"data:"}"#, .dataURIMalformed),
        (#"{"file":"data:image/png;base64"}"#, .dataURIMalformed),
        // Base64, offsets in the unescaped text.
        (#"{"file":"...","fileName":"test.png"}"#, .notBase64(UInt8(ascii: "."), offsetBytes: 0)),
        (#"{"file":"aGVs bG8="}"#, .notBase64(UInt8(ascii: " "), offsetBytes: 4)),
        (#"{"file":"aGVsbG8%3D"}"#, .notBase64(UInt8(ascii: "%"), offsetBytes: 7)),
        (#"{"file":"datax:"}"#, .notBase64(UInt8(ascii: ":"), offsetBytes: 5)),
        (#"{"file":"dat:"}"#, .notBase64(UInt8(ascii: ":"), offsetBytes: 3)),
        (#"{"file":"data:image/png;base64,aG*s"}"#, .notBase64(UInt8(ascii: "*"), offsetBytes: 24)),
        (#"{"file":"\u0061GV\u007fsbG8="}"#, .notBase64(0x7F, offsetBytes: 3)),
        (#"{"file":"aGVsü"}"#, .notBase64(0xC3, offsetBytes: 4)),
        (#"{"file":"aGVs\u00fc"}"#, .notBase64(0xC3, offsetBytes: 4)),
        (#"{"file":"aGVs\u0000"}"#, .notBase64(0, offsetBytes: 4)),
        (#"{"file":"="}"#, .paddingMisplaced(offsetBytes: 0)),
        (#"{"file":"aGVs="}"#, .paddingMisplaced(offsetBytes: 4)),
        (#"{"file":"aGVsb==="}"#, .paddingMisplaced(offsetBytes: 5)),
        (#"{"file":"aGVsbG8=="}"#, .paddingMisplaced(offsetBytes: 8)),
        (#"{"file":"aGVsbG8=aGVs"}"#, .paddingMisplaced(offsetBytes: 8)),
        (#"{"file":"aGVsbA="}"#, .paddingMisplaced(offsetBytes: 7)),
        (#"{"file":"aGVsbG8=\n="}"#, .paddingMisplaced(offsetBytes: 9)),
        (#"{"file":"aGVsb"}"#, .base64CutShort),
        (#"{"file":"d"}"#, .base64CutShort),
    ]

    @Test(arguments: refused.indices)
    func refuses(index: Int) {
        let (text, fault) = Self.refused[index]
        let body = Array(text.utf8)
        let whole = ReadGallery(body)
        #expect(whole.fault == fault)
        for cut in 0...body.count { #expect(ReadGallery(body, cuts: [cut]) == whole, "cut at \(cut)") }
        #expect(ReadGallery(body, cuts: Array(1..<body.count)) == whole, "byte by byte")
        #expect(!fault.detail.isEmpty)
        let answer = fault.uploadFault
        #expect(answer.code == .invalidRequest)
        #expect(answer.detail == fault.detail)
        #expect(answer.fields.map(\.field) == [fault.field])
    }

    @Test func textMayBeginLikeADataURI() {
        // `data` is base64 too.
        let read = ReadGallery(#"{"file":"dataDATA"}"#)
        #expect(read.events.first == .fileBegan(dataURIType: nil))
        #expect(read.file == [0x75, 0xAB, 0x5A, 0x0C, 0x04, 0xC0])
    }

    @Test func theHeadOfADataURIHasALimit() {
        func body(headBytes: Int) -> String {
            let fixed = "data:image/png;x=;base64,".utf8.count
            let filler = String(repeating: "y", count: headBytes - fixed)
            return #"{"file":"data:image/png;x=\#(filler);base64,aGVsbG8="}"#
        }
        #expect(GalleryUploadParser.maximumDataURIHeadBytes == 256)
        #expect(ReadGallery(body(headBytes: 256)).summary == ["file:image/png=hello"])
        #expect(ReadGallery(body(headBytes: 257)).fault == .dataURITooLong(limitBytes: 256))
        // Before the comma that never comes is read.
        let endless = ReadGallery(#"{"file":"data:"# + String(repeating: "a", count: 300))
        #expect(endless.fault == .dataURITooLong(limitBytes: 256))
    }

    @Test func textHasABudgetAndTheFileIsNotOfIt() {
        let file = base64([UInt8](repeating: 7, count: 3_000))
        // 4 + 64 for file, 1 + 64 + 100 for a.
        let body = #"{"file":"\#(file)","a":"\#(String(repeating: "x", count: 100))"}"#
        #expect(ReadGallery(body, maximumFieldBytes: 233).fault == nil)
        let tooLong = ReadGallery(body, maximumFieldBytes: 232)
        #expect(tooLong.fault == .json(.textTooLong(limitBytes: 232)))
        #expect(tooLong.fault?.uploadFault.code == .tooLarge)
        #expect(tooLong.events.last == .fileEnded)
        // It is told before the text ends: of a name, a text, a number, and of many empty members.
        let endless = String(repeating: "1", count: 500)
        let texts = [
            "{\"\(endless)", "{\"a\":\"\(endless)", "{\"a\":\(endless)",
            "{\"a\":\"" + String(repeating: "\\n", count: 500),
        ]
        for text in texts {
            #expect(ReadGallery(text, maximumFieldBytes: 232).fault == .json(.textTooLong(limitBytes: 232)))
        }
        let many = "{" + (0..<9).map { "\"\($0)\":null" }.joined(separator: ",") + "}"
        #expect(ReadGallery(many, maximumFieldBytes: 585).fault == .fileMissing)
        #expect(ReadGallery(many, maximumFieldBytes: 584).fault == .json(.textTooLong(limitBytes: 584)))
        // What is skipped is not held and costs nothing.
        let skipped = #"{"a":["\#(endless)",\#(endless),{"\#(endless)":1}],"file":""}"#
        #expect(ReadGallery(skipped, maximumFieldBytes: 200).fault == nil)
    }

    @Test func bytesComeInFullBatches() {
        let size = GalleryUploadParser.batchBytes
        var random = FormGenerator(seed: 5)
        for count in [1, size - 1, size, size + 1, 2 * size, 3 * size + 2] {
            let file = (0..<count).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
            let body = Array(#"{"file":"\#(base64(file))","fileName":"a"}"#.utf8)
            let whole = ReadGallery(body)
            // Compared outside, so that a failure does not print the difference of two large files.
            let isWhole = whole.file == file
            #expect(isWhole, "\(count) bytes")
            let batches = whole.events.compactMap { event -> Int? in
                if case .bytes(let bytes) = event { bytes.count } else { nil }
            }
            #expect(batches.dropLast().allSatisfy { $0 == size })
            #expect(batches.count == (count + size - 1) / size)
            let isSame = ReadGallery(body, cuts: Array(stride(from: 1, to: body.count, by: 1_447))) == whole
            #expect(isSame, "\(count) bytes")
        }
    }

    /// Files of every small length, written in every way, cut everywhere.
    @Test(arguments: 0..<150)
    func randomUploadsReadBackHoweverCut(round: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = FormGenerator(seed: seed)
        let file = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0 ... .max, using: &random)
        }
        let digits = base64(file, urlSafe: Bool.random(using: &random), padded: Bool.random(using: &random))
        var text = Bool.random(using: &random) ? "data:video/mp4;base64," : ""
        for character in digits {
            switch Int.random(in: 0..<12, using: &random) {
            case 0:
                text += "\\u00" + String(character.asciiValue ?? 0, radix: 16, uppercase: Bool.random(using: &random))
            case 1: text += "\\r\\n" + String(character)
            case 2 where character == "/": text += "\\/"
            default: text.append(character)
            }
        }
        var members = [
            "\"file\":\"\(text)\"", "\"fileName\":\"a.mp4\"", "\"n\":-0.5e2", "\"x\":[{\"file\":\"\"},\"]\"]",
        ]
        members.shuffle(using: &random)
        let body = Array("{\(members.joined(separator: ","))}".utf8)
        let cuts = (0..<Int.random(in: 0...30, using: &random)).map { _ in
            Int.random(in: 0...body.count, using: &random)
        }.sorted()
        let read = ReadGallery(body, cuts: cuts)
        #expect(read.fault == nil, "seed \(seed)")
        #expect(read.file == file, "seed \(seed)")
        #expect(read == ReadGallery(body), "seed \(seed)")
    }

    @Test func aCopyReadsOnByItself() throws {
        var first = GalleryUploadParser(maximumFieldBytes: 1_000)
        var events: [GalleryUploadEvent] = []
        try Array(#"{"file":"aGVsb"#.utf8).withUnsafeBytes { try first.feed($0, &events) }
        var second = first
        events = []
        try Array(#"G8="}"#.utf8).withUnsafeBytes { try first.feed($0, &events) }
        try first.end()
        #expect(events == [.bytes(Array("hello".utf8)), .fileEnded])
        events = []
        try Array(#"A=="}"#.utf8).withUnsafeBytes { try second.feed($0, &events) }
        try second.end()
        #expect(events == [.bytes(Array("hell".utf8)), .fileEnded])
    }

    @Test func aFaultIsFinal() {
        let fault = GalleryUploadFault.notBase64(UInt8(ascii: "!"), offsetBytes: 0)
        var parser = GalleryUploadParser(maximumFieldBytes: 1_000)
        var events: [GalleryUploadEvent] = []
        #expect(throws: fault) {
            try Array(#"{"a":"b","file":"!"#.utf8).withUnsafeBytes { try parser.feed($0, &events) }
        }
        #expect(throws: fault) { try Array(#""}"#.utf8).withUnsafeBytes { try parser.feed($0, &events) } }
        #expect(throws: fault) { try parser.end() }
        #expect(events == [.field(name: "a", value: "b"), .fileBegan(dataURIType: nil)])
    }
}
