import Testing
import UploadProtocols

@Suite struct MultipartParserTests {
    /// Documents and the fields in them; boundary `b0undary`.
    static let documents: [(text: String, fields: [String])] = [
        (formField("a", "1") + formField("b", "two") + "--b0undary--\r\n", ["a=1", "b=two"]),
        // Nothing after the final boundary; no parts at all.
        (formField("a", "1") + "--b0undary--", ["a=1"]),
        ("--b0undary--", []),
        // Preamble, epilogue, padding.
        (
            "a preamble\r\n--b0undary \t \r\n" + formField("a", "1").dropFirst(11)
                + "--b0undary--  \r\nepilogue\n--b0undary", ["a=1"]
        ),
        ("--b0undarX\r\n\r\n" + formField("a", "1") + "--b0undary--", ["a=1"]),
        // Empty bodies: with the line break, and without it.
        (formField("a", "") + formField("b", "") + "--b0undary--", ["a=", "b="]),
        (String(formField("a", "").dropLast(1)) + formField("b", "x") + "--b0undary--", ["a=", "b=x"]),
        // Bodies that look like boundaries, at their start, middle and end.
        (
            formField("a", "\r\n--b0undar") + formField("b", "\r\r\n-\r\n--\r\n--b\r") + "--b0undary--",
            [
                "a=\r\n--b0undar", "b=\r\r\n-\r\n--\r\n--b\r",
            ]
        ),
        (
            formField("a", "--b0undar") + formField("b", "\n--b0undary\r") + "--b0undary--",
            ["a=--b0undar", "b=\n--b0undary\r"]
        ),
        (
            formField("a", "x\r\n--b0undaryX y\r\n--b0undary-\r\n--b0undary-z") + "--b0undary--",
            [
                "a=x\r\n--b0undaryX y\r\n--b0undary-\r\n--b0undary-z"
            ]
        ),
        (
            formField("a", "\r\n\r\n") + formField("b", "\r\n\r\n--b0undarZ") + "--b0undary--",
            ["a=\r\n\r\n", "b=\r\n\r\n--b0undarZ"]
        ),
        (
            formField("a", "\r") + formField("b", "\r\n") + formField("c", "--") + "--b0undary--",
            ["a=\r", "b=\r\n", "c=--"]
        ),
    ]

    @Test(arguments: documents.indices)
    func readsWhole(index: Int) throws {
        let (text, fields) = Self.documents[index]
        let form = try ReadForm(Array(text.utf8))
        #expect(form.fields == fields)
        #expect(form.fault == nil)
        #expect(form.finished)
        #expect(!form.parts.map(\.ended).contains(false))
    }

    @Test(arguments: documents.indices)
    func everySplitReadsTheSame(index: Int) throws {
        let document = Array(Self.documents[index].text.utf8)
        let whole = try ReadForm(document)
        for first in 0...document.count {
            #expect(try ReadForm(document, cuts: [first]) == whole, "cut at \(first)")
            for second in first...min(first + 16, document.count) {
                #expect(try ReadForm(document, cuts: [first, second]) == whole, "cuts at \(first) and \(second)")
            }
        }
        #expect(try ReadForm(document, cuts: Array(1..<document.count)) == whole, "byte by byte")
    }

    /// Documents that are refused, and how; every split refuses them the same way.
    static let refused: [(text: String, fault: MultipartFault, fields: [String])] = [
        ("", .boundaryNeverCame, []),
        ("no boundary at all\r\n", .boundaryNeverCame, []),
        ("--b0undar", .boundaryNeverCame, []),
        ("x--b0undary--", .boundaryNeverCame, []),
        ("--b0undary", .boundaryNeverCame, []),
        (formField("a", "1"), .endedEarly, ["a=1"]),
        (formField("a", "1") + "--b0undary", .endedEarly, ["a=1"]),
        (formField("a", "1") + "--b0undary-", .endedEarly, ["a=1"]),
        (formField("a", "1") + "--b0undary\r", .endedEarly, ["a=1"]),
        (formField("a", "1") + "--b0undary\r\nContent-Disp", .endedEarly, ["a=1"]),
        ("--b0undary\nContent-Disposition: form-data; name=a\n\n1\n--b0undary--\n", .bareLineFeed, []),
        ("--b0undary \nx", .bareLineFeed, []),
        (formField("a", "1") + "--b0undary\n", .bareLineFeed, ["a=1"]),
        ("--b0undary\r\nContent-Disposition: form-data; name=a\n\r\n1", .bareLineFeed, []),
        ("--b0undary\r\nContent-Disposition: form-data;\r name=a\r\n\r\n1", .bareCarriageReturn, []),
        ("--b0undary\rX", .bareCarriageReturn, []),
        ("--b0undary \tX\r\n", .boundaryLineMalformed, []),
        ("--b0undary\r\n\r\n1\r\n--b0undary--", .dispositionMissing, []),
        ("--b0undary\r\nContent-Type: text/plain\r\n\r\n1", .dispositionMissing, []),
        ("--b0undary\r\nno colon\r\n\r\n1", .headerLineMalformed, []),
        ("--b0undary\r\n: no name\r\n\r\n1", .headerLineMalformed, []),
        ("--b0undary\r\nContent Disposition: x\r\n\r\n1", .headerLineMalformed, []),
        ("--b0undary\r\n folded: x\r\n\r\n1", .headerLineMalformed, []),
        ("--b0undary\r\nContent-Disposition: attachment; name=a\r\n\r\n1", .dispositionMalformed, []),
        ("--b0undary\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1", .dispositionMalformed, []),
        ("--b0undary\r\nContent-Disposition: form-data; name=\"a\" b\r\n\r\n1", .dispositionMalformed, []),
        ("--b0undary\r\nContent-Disposition: form-data; filename=a\r\n\r\n1", .nameMissing, []),
        (
            "--b0undary\r\nContent-Disposition: form-data; name=a; filename*=latin1''x\r\n\r\n1",
            .dispositionMalformed, []
        ),
        (
            "--b0undary\r\nContent-Disposition: form-data; name=a\r\ncontent-disposition: form-data; name=b\r\n\r\n1",
            .duplicateHeader(name: "Content-Disposition"), []
        ),
        (
            "--b0undary\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n1",
            .transferEncodingUnsupported, []
        ),
    ]

    @Test(arguments: refused.indices)
    func refuses(index: Int) throws {
        let (text, fault, fields) = Self.refused[index]
        let document = Array(text.utf8)
        let whole = try ReadForm(document)
        #expect(whole.fault == fault)
        #expect(whole.fields == fields)
        #expect(!whole.finished)
        for cut in 0...document.count {
            #expect(try ReadForm(document, cuts: [cut]) == whole, "cut at \(cut)")
        }
        #expect(!fault.detail.isEmpty)
    }

    @Test func everyPrefixIsIncomplete() throws {
        let document = Array((formField("a", "1") + formField("b", "\r\n--") + "--b0undary--").utf8)
        for count in 0..<document.count {
            let form = try ReadForm(Array(document.prefix(count)))
            #expect(form.fault == .endedEarly || form.fault == .boundaryNeverCame, "prefix of \(count)")
            #expect(!form.finished)
        }
    }

    @Test(arguments: 0..<200)
    func randomFormsReadBackHoweverCut(round: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = FormGenerator(seed: seed)
        let alphabet = Array("\r\r\n\n--b0ux ".utf8)
        var document: [UInt8] = []
        var bodies: [[UInt8]] = []
        for index in 0..<Int.random(in: 0...5, using: &random) {
            var body: [UInt8] = []
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                switch Int.random(in: 0...3, using: &random) {
                case 0: body += Array("\r\n--b0undary".utf8).prefix(Int.random(in: 1...11, using: &random))
                case 1: body += (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8(ascii: "z") }
                default:
                    body += (0..<Int.random(in: 0...20, using: &random)).compactMap { _ in
                        alphabet.randomElement(using: &random)
                    }
                }
            }
            // A whole boundary by chance would be one.
            if Array("\r\n".utf8 + body).contains(Array("\r\n--b0undary".utf8)) { body = [] }
            bodies.append(body)
            document += Array("--b0undary\r\nContent-Disposition: form-data; name=f\(index)\r\n\r\n".utf8) + body
            document += Array("\r\n".utf8)
        }
        document += Array("--b0undary--\r\n".utf8)
        let cuts = (0..<Int.random(in: 0...40, using: &random)).map { _ in
            Int.random(in: 0...document.count, using: &random)
        }.sorted()
        let form = try ReadForm(document, cuts: cuts)
        #expect(form.parts.map(\.bytes) == bodies, "seed \(seed)")
        #expect(form.fault == nil && form.finished, "seed \(seed)")
    }

    @Test func findsABoundaryAtEveryDistance() throws {
        for count in 0..<200 {
            var body = [UInt8](repeating: UInt8(ascii: "z"), count: count)
            for index in stride(from: 0, to: count, by: 7) { body[index] = UInt8(ascii: "\r") }
            for index in stride(from: 3, to: count, by: 7) { body[index] = UInt8(ascii: "\n") }
            let head = Array("--b0undary\r\nContent-Disposition: form-data; name=a\r\n\r\n".utf8)
            let form = try ReadForm(head + body + Array("\r\n--b0undary--".utf8))
            #expect(form.parts.map(\.bytes) == [body], "\(count) bytes")
            #expect(form.finished, "\(count) bytes")
        }
    }

    @Test func reportsRangesOfTheFedBytes() throws {
        var parser = try #require(MultipartParser(boundary: "b"))
        var events: [MultipartEvent] = []
        func feed(_ text: String) throws -> [MultipartEvent] {
            events.removeAll()
            try Array(text.utf8).withUnsafeBytes { try parser.feed($0, &events) }
            return events
        }
        #expect(
            try feed("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nxyz") == [
                .partBegan(MultipartPartHead(name: "a")), .bytes(47..<50),
            ])
        #expect(try feed("") == [])
        #expect(try feed("12345\r\n-") == [.bytes(0..<5)])
        #expect(try feed("q\r") == [.carried(Array("\r\n-".utf8)), .bytes(0..<1)])
        #expect(try feed("\n--b") == [])
        #expect(try feed("-") == [])
        #expect(try feed("-") == [.partEnded, .finished])
        #expect(try feed("anything\r\n--b\r\n") == [])
        try parser.end()
    }

    @Test func aCopyReadsOnByItself() throws {
        var first = try #require(MultipartParser(boundary: "b"))
        var events: [MultipartEvent] = []
        try Array("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n-".utf8).withUnsafeBytes {
            try first.feed($0, &events)
        }
        var second = first
        events = []
        try Array("-b--".utf8).withUnsafeBytes { try first.feed($0, &events) }
        #expect(events == [.partEnded, .finished])
        events = []
        try Array("!".utf8).withUnsafeBytes { try second.feed($0, &events) }
        #expect(events == [.carried(Array("\r\n-".utf8)), .bytes(0..<1)])
    }

    @Test func aFaultIsFinal() throws {
        var parser = try #require(MultipartParser(boundary: "b"))
        var events: [MultipartEvent] = []
        #expect(throws: MultipartFault.bareLineFeed) {
            try Array("--b\n".utf8).withUnsafeBytes { try parser.feed($0, &events) }
        }
        #expect(throws: MultipartFault.bareLineFeed) {
            try Array("--b--".utf8).withUnsafeBytes { try parser.feed($0, &events) }
        }
        #expect(throws: MultipartFault.bareLineFeed) { try parser.end() }
        #expect(events.isEmpty)
    }
}
