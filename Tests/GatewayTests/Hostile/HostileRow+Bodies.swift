import Foundation

extension HostileRow {
    /// Forms, JSON and base64 that no client sends by accident.
    static let bodies = forms + oddForms + json + base64

    /// Where a form may go to.
    private static let formPaths = ["/api/v1/media/chunks", "/api/v1/media/videos", "/api/media/upload"]

    private static func field(_ name: String, _ value: String) -> String {
        "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
    }

    /// Enough fields for each of the paths.
    private static let fields =
        field("fileId", "hostile") + field("chunkIndex", "0") + field("totalChunks", "1")
        + field("platforms", "tiktok")

    private static let file = field("file\"; filename=\"a.mp4", "no film")

    /// A form that is wrong wherever it goes.
    private struct Form {
        let what: String
        let rule: String
        let body: String
        let statuses: Set<Int>

        init(_ what: String, _ rule: String, _ body: String, _ statuses: Set<Int> = [400]) {
            self.what = what
            self.rule = rule
            self.body = body
            self.statuses = statuses
        }

        func row(_ path: String, ends: Bool) -> HostileRow {
            HostileRow("\(path): \(what)", rule, [statuses], ends: ends) { $0.form(body, to: path) }
        }
    }

    private static let lines = "RFC 2046 section 5.1.1"
    private static let disposition = "--b\r\nContent-Disposition: form-data"

    private static let forms: [HostileRow] = formPaths.flatMap { path in
        brokenForms.map { $0.row(path, ends: false) } + endlessForms.map { $0.row(path, ends: true) }
    }

    private static let brokenForms: [Form] = [
        Form("no final boundary", lines, fields + file.dropLast(2)),
        Form("half a final boundary", lines, fields + file + "--b-"),
        Form("no boundary at all", lines, "file=a"),
        Form("nothing", lines, ""),
        Form("a field without an end", "RFC 7578 section 4.1", disposition + "; name=\"x\"\r\n\r\nabc"),
        Form("a header without an end", "RFC 7578 section 4.8", fields + disposition + "; name=\"fi"),
        Form("no header", "RFC 7578 section 4.2", fields + "--b\r\n\r\nabc\r\n--b--\r\n"),
        Form("no name", "RFC 7578 section 4.2", fields + disposition + "\r\n\r\na\r\n--b--"),
        Form("lines that end with LF", lines, (fields + file + "--b--").replacing("\r\n", with: "\n")),
        Form("encoded bytes", "RFC 7578 section 4.7", encoded + "--b--\r\n"),
        // What is left of the form names a file that is not there, or one that is not whole.
        Form("parts within a part", "RFC 7578 section 4.3", fields + nested + "--b--\r\n", [400, 404, 409]),
        Form("a name that hides another", "RFC 7578 section 4.2", fields + twice + "--b--\r\n"),
        Form("1,001 empty parts", "RFC 7578 section 4.1", many(1001, "--b\r\n\r\n\r\n") + "--b--"),
    ]

    /// Forms that go on and on: bodies of this length are not read to their end.
    private static let endlessForms: [Form] = [
        Form("10,000 fields", "RFC 7578 section 4.1", many(10_000, field("a", "1")) + "--b--\r\n", [400, 413]),
        Form("a field of 1 MB", "RFC 7578 section 4.1", fields + field("x", many(1 << 20, "x")) + "--b--\r\n", [413]),
        Form("a name of 1 MB", "RFC 7578 section 4.2", fields + field(many(1 << 20, "x"), "x") + "--b--\r\n"),
        Form("40,000 lines in a header", "RFC 7578 section 4.8", "--b\r\n" + many(40_000, "X: y\r\n") + "\r\n"),
        Form("1 MB before the first boundary", lines, many(1 << 20, "x") + "\r\n" + fields),
        Form("1 MB behind the last boundary", lines, "--b--\r\n" + many(1 << 20, "x")),
        Form("1 MB of blanks behind a boundary", lines, "--b" + many(1 << 20, " ") + "\r\n"),
        Form(
            "1 MB that is nearly a boundary", lines, fields + field("x", many(1 << 18, "\r\n--")) + "--b--", [413]),
    ]

    private static let encoded = file.replacing(
        "\r\n\r\n", with: "\r\nContent-Transfer-Encoding: base64\r\n\r\n")

    /// A form in a form: whoever reads into it finds a file there.
    private static let nested =
        "--b\r\nContent-Disposition: form-data; name=\"files\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        + file.replacing("--b", with: "--c") + "--c--\r\n"

    private static let twice =
        "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n"
        + "Content-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\nno film\r\n"

    private static let oddForms: [HostileRow] = [
        HostileRow("a boundary of 71 bytes", "RFC 2046 section 5.1.1", [[400]]) {
            $0.form("", to: "/api/v1/media/chunks", boundary: many(71, "b"))
        },
        HostileRow("a part's name that is no UTF-8", "RFC 7578 section 5.1", [[400]]) { place in
            let body =
                Data("--b\r\nContent-Disposition: form-data; name=\"".utf8) + [0xC3, 0x28]
                + Data("\"\r\n\r\nx\r\n--b--".utf8)
            let lines = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: \(body.count)"
            return Data(place.head(lines, "/api/v1/media/chunks").utf8) + body
        },
    ]

    /// Objects in objects, arrays in arrays, both in turn; whole, and cut off at the deepest place.
    private static let deep: [(what: String, text: String)] = [
        ("objects", many(10_000, "{\"a\":") + "1" + many(10_000, "}")),
        ("arrays", "{\"a\":" + many(10_000, "[") + many(10_000, "]") + "}"),
        ("both", "{\"a\":" + many(5000, "[{\"a\":") + "1" + many(5000, "}]") + "}"),
        ("half of it", "{\"a\":" + many(10_000, "[")),
    ]

    private static let jsonPaths = ["/api/v1/uploads", "/api/media/upload", "/api/media/urlExists", "/api/post"]

    private static let wrongObjects: [(what: String, text: String)] = [
        ("no object", "[]"), ("a comment", "{/**/}"), ("half a surrogate pair", #"{"fileName":"\ud800"}"#),
        ("a NUL in text", "{\"fileName\":\"a\u{0}\"}"), ("more behind it", "{}{}"), ("nothing", ""),
        ("a number without end", "{\"size\":" + many(10_000, "9")),
        ("1,000 members without an end", "{" + (0..<1000).map { "\"\($0)\":0" }.joined(separator: ",")),
    ]

    private static let json: [HostileRow] = wholeJSON + oddJSON

    private static let wholeJSON: [HostileRow] = jsonPaths.flatMap { path in
        deep.map { what, text in
            HostileRow("\(path): JSON 10,000 deep, \(what)", "RFC 8259 section 9", [[400, 413]]) {
                $0.json(text, to: path)
            }
        }
            + wrongObjects.map { what, text in
                HostileRow("\(path): \(what)", "RFC 8259 section 2", [[400, 413]]) { $0.json(text, to: path) }
            }
    }

    private static let oddJSON: [HostileRow] = [
        HostileRow("a setting 10,000 deep", "RFC 8259 section 9", [[400]]) { place in
            let form = field("fileId", "AAAAAAAAAAAAAAAAAAAAAAAAAAA") + field("platforms", "tiktok")
            return place.form(form + field("tiktok", deep[0].text) + "--b--", to: "/api/v1/media/videos")
        },
        HostileRow("JSON that is no UTF-8", "RFC 8259 section 8.1", [[400]]) { place in
            let body = Data("{\"fileName\":\"a".utf8) + [0xC3, 0x28, 0xFF] + Data(".mp4\"}".utf8)
            return Data(place.head("Content-Length: \(body.count)").utf8) + body
        },
    ]

    private static let wrongLetters: [(what: String, text: String)] = [
        ("junk", many(10_000, "*")), ("junk behind an image", png + "*"), ("junk before an image", "*" + png),
        ("line breaks", png.prefix(8) + "\\r\\n" + png.dropFirst(8)),
        ("blanks", png.prefix(8) + " " + png.dropFirst(8)), ("another alphabet", many(100, "-_-_")),
        ("padding alone", "===="), ("padding inside", "AA==" + png), ("too much padding", "AAA=="),
        ("one letter too many", png + "A"), ("letters that look alike", many(100, "\u{410}")),
        ("a NUL", "AAAA\\u0000AAA"), ("bits that are left over", "AAB="),
    ]

    /// RFC 4648 section 3.3: what is not of the alphabet is refused. Line breaks (3.1), bits that are left over (3.5) and the
    /// alphabet of URLs (5) a decoder may take; what they make here is no image.
    private static let base64: [HostileRow] = wrongLetters.map { what, text in
        HostileRow("base64: \(what)", "RFC 4648 section 3", [[400, 415]]) {
            $0.json("{\"fileName\":\"a.png\",\"file\":\"\(text)\"}", to: "/api/media/upload")
        }
    }

    /// The beginning of an image: twelve bytes.
    private static let png = "iVBORw0KGgoAAAAN"
}
