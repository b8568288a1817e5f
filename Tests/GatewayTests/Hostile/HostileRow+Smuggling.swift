import Foundation

extension HostileRow {
    /// Two ways to read where a request ends: who stands before us may have taken the other one, and what is a body to
    /// him would be a request to us. Every row carries a whole request in the place that is in doubt.
    static let smuggling = lengths + codings + lines + chunks + behind

    private static let framing = "RFC 9112 section 6.3"

    private static let lengths: [HostileRow] =
        [
            "Content-Length: LENGTH\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: LENGTH",
            "Transfer-Encoding: chunked\r\nContent-Length: 0", "Content-Length: 0\r\nTransfer-Encoding: chunked",
            "Content-Length: LENGTH\r\nTransfer-Encoding: identity",
        ].map { lines in
            .refused("both fields: \(shown(lines))", "\(framing) point 3", text: { filled(lines, $0) })
        }
        + [
            .refused("TE.CL", "\(framing) point 3") { place in
                place.insideChunk("Content-Length: 4\r\nTransfer-Encoding: chunked")
            }
        ]
        + [
            "Content-Length: 5\r\nContent-Length: LENGTH", "Content-Length: LENGTH\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5, 5", "Content-Length: 5, LENGTH",
            "Content-Length: +5", "Content-Length: -5", "Content-Length: 0x5", "Content-Length: 5 5",
            "Content-Length:", "Content-Length: 5e0", "Content-Length: \u{665}", "Content-Length: \"5\"",
            "Content-Length: 18446744073709551616", "Content-Length: 99999999999999999999999999",
            "Content-Length: 5;a", "Content-Length: five", "Content-Length: 5\u{B}",
        ].map { lines in
            .refused(shown(lines), "\(framing) point 5, RFC 9110 section 8.6", text: { filled(lines, $0) })
        }

    private static let codings: [HostileRow] =
        [
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunkedx", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;q=1",
            "Transfer-Encoding: chun\u{212A}ed", "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked,",
            "Transfer-Encoding:", "Transfer-Encoding: chunked\u{B}", "Transfer-Encoding: \u{B}chunked",
        ].map { lines in .refused(shown(lines), "RFC 9112 section 6.1", text: { filled(lines, $0) }) }

    /// Fields that some see and others do not.
    private static let lines: [HostileRow] =
        [
            ("Transfer-Encoding : chunked", "5.1"), ("Content-Length : 5", "5.1"),
            ("Transfer-Encoding\t: chunked", "5.1"), (": chunked", "5.1"), ("Transfer Encoding: chunked", "5.1"),
            ("\u{0}Transfer-Encoding: chunked", "5.1"), ("Transfer-Encoding\u{0}: chunked", "5.1"),
            ("\u{E9}Transfer-Encoding: chunked", "5.1"), ("Transfer-Encoding", "5"),
            ("Transfer-Encoding:\r\n chunked", "5.2"), ("Content-Length:\r\n 5", "5.2"),
            ("X: a\r\n Transfer-Encoding: chunked", "5.2"), ("X: a\r\n\tTransfer-Encoding: chunked", "5.2"),
            ("X: a\r\n \r\nTransfer-Encoding: chunked", "5.2"),
            ("X: a\nTransfer-Encoding: chunked", "2.2"), ("X: a\rTransfer-Encoding: chunked", "2.2"),
            ("X: a\n\nTransfer-Encoding: chunked", "2.2"), ("X: a\r\rTransfer-Encoding: chunked", "2.2"),
            ("Transfer-Encoding\n: chunked", "2.2"), ("Transfer-Encoding: chunked\nX: a", "2.2"),
            ("Transfer-Encoding: \u{0}chunked", "5.5"), ("X: \u{0}\r\nTransfer-Encoding: chunked", "5.5"),
            ("X: \u{7F}\r\nTransfer-Encoding: chunked", "5.5"),
        ].map { lines, section in
            .refused(shown(lines), "RFC 9112 section \(section)", text: { filled(lines, $0) })
        }
        + [
            .refused("a blank before the first field", "RFC 9112 section 2.2") { place in
                "POST /api/v1/uploads HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: a\r\n\r\n0\r\n\r\n"
                    + place.canary
            },
            .refused("every line ends with LF alone", "RFC 9112 section 2.2") { place in
                place.chunked("Transfer-Encoding: chunked").replacing("\r\n", with: "\n")
            },
            .refused("every line ends with CR alone", "RFC 9112 section 2.2") { place in
                place.chunked("Transfer-Encoding: chunked").replacing("\r\n", with: "\r")
            },
            .refused("a head that LF alone ends", "RFC 9112 section 2.2") { place in
                "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\n" + place.canary
            },
        ]

    /// Bodies in chunks of which some read more, and some less.
    private static let chunks: [HostileRow] =
        [
            ("5 \r\nhello\r\n0\r\n\r\n", "7.1"), (" 5\r\nhello\r\n0\r\n\r\n", "7.1"),
            ("0x5\r\nhello\r\n0\r\n\r\n", "7.1"), ("+5\r\nhello\r\n0\r\n\r\n", "7.1"),
            ("-5\r\nhello\r\n0\r\n\r\n", "7.1"), ("5\nhello\r\n0\r\n\r\n", "7.1"),
            ("5\rhello\r\n0\r\n\r\n", "7.1"), ("5\r\nhello0\r\n\r\n", "7.1"), ("5\r\nhello\n0\r\n\r\n", "7.1"),
            ("5\r\nhello\r0\r\n\r\n", "7.1"), ("5\r\nhelloworld\r\n0\r\n\r\n", "7.1"), ("\r\n\r\n", "7.1"),
            ("g\r\nhello\r\n0\r\n\r\n", "7.1"), ("10000000000000005\r\nhello\r\n0\r\n\r\n", "7.1"),
            ("ffffffffffffffffffffffff\r\nhello\r\n0\r\n\r\n", "7.1"), ("5,5\r\nhello\r\n0\r\n\r\n", "7.1"),
            ("5;a\nb\r\nhello\r\n0\r\n\r\n", "7.1.1"), ("5;\nhello\r\n0\r\n\r\n", "7.1.1"),
            ("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "7.1.1"), ("5;a=\u{0}\r\nhello\r\n0\r\n\r\n", "7.1.1"),
            ("5\r\nhello\r\n0\r\nX : a\r\n\r\n", "7.1.2"), ("5\r\nhello\r\n0\r\nX: a\n\n", "7.1.2"),
            ("5\r\nhello\r\n0\r\nno colon\r\n\r\n", "7.1.2"), ("5\r\nhello\r\n0\r\n\n", "7.1.2"),
        ].map { body, section in
            .refused("chunks: \(shown(body))", "RFC 9112 section \(section)") { place in
                place.head("Transfer-Encoding: chunked") + body + place.canary
            }
        }

    /// What stands behind a request that is the last one, or inside a body, is no request.
    private static let behind: [HostileRow] = [
        HostileRow("behind Connection: close", "RFC 9112 section 9.6", [[200]], ends: true) { place in
            "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + place.canary
        },
        HostileRow("behind HTTP/1.0", "RFC 9112 section 9.3", [[200]], ends: true) { place in
            "GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n" + place.canary
        },
        HostileRow("chunks from HTTP/1.0", "RFC 9112 section 6.1", [[400]], ends: true) { place in
            place.chunked("Transfer-Encoding: chunked", version: "HTTP/1.0")
        },
        HostileRow("behind an upgrade", "RFC 9110 section 7.8", [[200]], ends: true) { place in
            "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                + "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n" + place.canary
        },
        HostileRow("behind an upgrade to a web socket", "RFC 9110 section 7.8", [[200]], ends: true) { place in
            "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" + place.canary
        },
        HostileRow("behind a CONNECT", "RFC 9110 section 9.3.6", [[400, 404, 405, 501]], ends: true) { place in
            "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" + place.canary
        },
        HostileRow("in the body of a GET", "RFC 9110 section 9.3.1", [[200]]) { place in
            "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: \(place.canary.utf8.count)\r\n\r\n" + place.canary
        },
        HostileRow("in the body of a DELETE of nothing", "RFC 9110 section 9.3.5", [[404]]) { place in
            "DELETE /api/v1/uploads/AAAAAAAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: a\r\nX-API-Key: \(place.key)\r\n"
                + "Content-Length: \(place.canary.utf8.count)\r\n\r\n" + place.canary
        },
        HostileRow("in a body that nobody may send", "\(framing) point 6", [[401]]) { place in
            "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nContent-Length: \(place.canary.utf8.count)\r\n\r\n"
                + place.canary
        },
        HostileRow("in a long body that nobody wants", "\(framing) point 6", [[404]], ends: true) { place in
            let body = many(1000, place.canary)
            return "PUT /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
        },
        HostileRow("in a body in chunks", "RFC 9112 section 7.1", [[400]]) { place in
            place.insideChunk("Transfer-Encoding: chunked")
        },
        .refused("behind a trailer that names a length", "RFC 9110 section 6.5.1") { place in
            place.head("Transfer-Encoding: chunked\r\nTrailer: Content-Length")
                + "5\r\nhello\r\n0\r\nContent-Length: \(place.canary.utf8.count)\r\n\r\n" + place.canary
        },
        HostileRow("a trailer without a value", "RFC 9112 section 7.1.2", [[400]]) { place in
            place.head("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\nEmpty:\r\n\r\n"
        },
        HostileRow("a key in a trailer", "RFC 9110 section 6.5.1", [[401]], ends: true) { place in
            let body = #"{"fileName":"a.mp4","size":1}"#
            return "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\nX-API-Key: \(place.canaryKey)\r\n\r\n"
        },
    ]

    /// The length of what stands behind the head, so that it is right for whoever believes in it.
    private static func filled(_ lines: String, _ place: HostilePlace) -> String {
        let length = "0\r\n\r\n".utf8.count + place.canary.utf8.count
        return place.chunked(lines.replacing("LENGTH", with: "\(length)"))
    }

    /// Control characters as one can read them.
    private static func shown(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\r": "\\r"
            case "\n": "\\n"
            case "\t": "\\t"
            case _ where scalar.value < 0x20 || scalar.value > 0x7E: "\\u{\(String(scalar.value, radix: 16))}"
            default: String(scalar)
            }
        }.joined()
    }
}
