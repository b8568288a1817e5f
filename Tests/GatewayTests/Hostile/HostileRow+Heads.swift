import Foundation

extension HostileRow {
    /// Heads that are too large, targets and names that mean another thing to others, and versions of long ago.
    static let heads = sizes + targets + names + versions + hosts + crowds

    private static func get(_ target: String, _ lines: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"
    }

    private static let sizes: [HostileRow] = [
        .refused("a field of 1 MB", "RFC 9110 section 5.4, RFC 6585 section 5", 431) { _ in
            get("/healthz", "X: \(many(1 << 20, "a"))\r\n")
        },
        .refused("a field's name of 1 MB", "RFC 9110 section 5.4, RFC 6585 section 5", 431) { _ in
            get("/healthz", "\(many(1 << 20, "a")): x\r\n")
        },
        .refused("a target of 1 MB", "RFC 9112 section 3", 431) { _ in get("/healthz?" + many(1 << 20, "a")) },
        .refused("a method of 1 MB", "RFC 9112 section 3", 400) { _ in
            many(1 << 20, "A") + " /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        },
        .refused("10,000 fields", "RFC 6585 section 5", 431) { _ in
            get("/healthz", (0..<10_000).map { "X-\($0): y\r\n" }.joined())
        },
        .refused("10,000 fields of one name", "RFC 6585 section 5", 431) { _ in
            get("/healthz", many(10_000, "Accept: a\r\n"))
        },
        .refused("10,000 empty fields", "RFC 6585 section 5", 431) { _ in get("/healthz", many(10_000, "a:\r\n")) },
        .refused("fields of 1 MB together", "RFC 6585 section 5", 431) { _ in
            get("/healthz", many(90, "X: \(many(12_000, "a"))\r\n"))
        },
        HostileRow("1 MB of empty lines, then a request", "RFC 9112 section 2.2", [[200]]) { _ in
            many(1 << 19, "\r\n") + get("/healthz")
        },
        .refused("a field without its end", "RFC 9112 section 5") { _ in "GET /healthz HTTP/1.1\r\nHost\r\n\r\n" },
        .refused("10,000 trailers", "RFC 9112 section 7.1.2") { place in
            place.head("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n" + many(10_000, "X: y\r\n") + "\r\n"
        },
    ]

    /// Nothing of a target is put right before it is compared: what is not a route letter by letter is none.
    private static let targets: [HostileRow] =
        ([
            ("/../healthz", 404), ("/./healthz", 404), ("/healthz/../healthz", 404), ("/api/../healthz", 404),
            ("/%2e%2e/healthz", 404), ("/%2E/healthz", 404), ("/..%2fhealthz", 404), ("/.%00./healthz", 404),
            ("/api%2fv1%2fuploads", 404), ("/api/v1%2fuploads", 404), ("/healthz%2f", 404), ("/%68ealthz", 404),
            ("/healthz%00", 404), ("/healthz;a=b", 404), ("/healthz\\", 404), ("/..\\healthz", 404),
            ("/HEALTHZ", 404), ("/healthz%", 404), ("/healthz%zz", 404), ("/healthz%ff", 404),
            ("/media/../../../../etc/passwd", 404), ("/media/%2e%2e%2f%2e%2e%2fetc/passwd", 404),
            ("/media/AAAAAAAAAAAAAAAAAAAAAAAAAAA/..%2f..%2fa.mp4", 404), ("/media/%00/a.mp4", 404),
            ("/media/\(many(4096, "A"))/a.mp4", 404), ("/media/a/\(many(4096, "a"))", 404),
            ("/media/%ff%fe/%c0%af", 404), ("/upload/../a.mp4", 405), ("/upload/%2e%2e/%2e%2e", 405),
            ("/\(many(4096, "/"))", 404), ("/\(many(1000, "../"))etc/passwd", 404),
        ] as [(String, Int)]).map { target, status in
            HostileRow("target \(target.prefix(60))", "RFC 9110 section 7.1, RFC 3986 section 6", [[status]]) { _ in
                get(target)
            }
        }
        + ([
            ("http://a/healthz", 200), ("http://elsewhere.example:1/healthz", 200), ("HTTP://a/healthz", 200),
            ("http://a/../healthz", 404), ("http://a", 404), ("http://a?b", 404), ("https://a/healthz", 200),
        ] as [(String, Int)]).map { target, status in
            HostileRow("absolute \(target)", "RFC 9112 section 3.2.2", [[status]]) { _ in get(target) }
        }
        + [
            "ftp://a/healthz", "file:///healthz", "a:80", "http:/healthz", "http:healthz", "healthz", "://a/healthz",
            "/heal thz", "/heal\tthz", "/heal\u{0}thz",
            "/heal\u{7F}thz", "/heal\rthz",
        ].map { target in
            .refused("target \(target.debugDescription)", "RFC 9112 section 3.2", text: { _ in get(target) })
        }
        + [
            .refused("a target that is no UTF-8", "RFC 9112 section 3.2, RFC 3986 section 2") { _ in
                Data("GET /healthz".utf8) + [0xC3, 0x28, 0xFF] + Data(" HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            },
            HostileRow("target *", "RFC 9112 section 3.2.4", [[400]]) { _ in get("*") },
            HostileRow("a target with a fragment", "RFC 9112 section 3.2", [[400, 404]]) { _ in get("/healthz#a") },
        ]

    /// Names of files and ids that a file system, or a reader of UTF-8, would stumble over.
    private static let names: [HostileRow] =
        ([
            ("%00", 400), ("a%00.mp4", 400), ("..", 400), (".", 400), ("%2e%2e", 400), ("a%2fb.mp4", 400),
            ("..%2f..%2fb.mp4", 400), ("a%5cb.mp4", 400), ("a%0d%0ab.mp4", 400), ("%ff.mp4", 400),
            ("%c0%ae%c0%ae%2fa.mp4", 400), ("%ed%a0%80.mp4", 400), ("a%7f.mp4", 400), ("a%c2%85.mp4", 400),
            ("\(many(4096, "a")).mp4", 400), ("\(many(86, "%e2%82%ac")).mp4", 400), ("a%.mp4", 400), ("%", 400),
        ] as [(String, Int)]).map { name, status in
            HostileRow("file name \(name.prefix(40))", "RFC 3986 section 2.1, RFC 9110 section 15.5.1", [[status]]) {
                get("/api/media/uploadUrl?fileName=\(name)&contentType=mp4", "X-API-Key: \($0.key)\r\n")
            }
        }
        + [
            HostileRow("a key that is no UTF-8", "RFC 9110 section 5.5", [[401]]) { _ in
                Data("GET /api/media HTTP/1.1\r\nHost: a\r\nX-API-Key: ".utf8) + [0xFF, 0xC3, 0x28]
                    + Data("\r\n\r\n".utf8)
            },
            HostileRow("a key of 20 KB", "RFC 9110 section 11.6.2", [[401]]) { _ in
                get("/api/media", "Authorization: Bearer \(many(20_000, "a"))\r\n")
            },
            HostileRow("10,000 pairs in the query", "RFC 9110 section 15.5.1", [[400]]) { place in
                get("/api/media/uploadUrl?\(many(10_000, "a&"))", "X-API-Key: \(place.key)\r\n")
            },
            HostileRow("a query that is no UTF-8", "RFC 3986 section 2.1", [[400]]) { place in
                get("/api/v1/uploads?state=%ff%00", "X-API-Key: \(place.key)\r\n")
            },
            HostileRow("an alias with a NUL", "RFC 9110 section 15.5.1", [[200, 400, 404]]) { place in
                get("/api/v1/media/chunks?fileId=a%00b", "X-API-Key: \(place.key)\r\n")
            },
            HostileRow("an id of 4 KB", "RFC 9110 section 15.5.5", [[404]]) { place in
                get("/api/v1/uploads/\(many(4096, "A"))", "X-API-Key: \(place.key)\r\n")
            },
            HostileRow("a part's number of 4 KB", "RFC 9110 section 15.5.1", [[400]]) { place in
                "PUT /api/v1/uploads/A/parts/\(many(4096, "9")) HTTP/1.1\r\nHost: a\r\nX-API-Key: \(place.key)\r\n\r\n"
            },
            HostileRow("1,000 ranges of what is not there", "RFC 9110 section 14.2", [[404]]) { _ in
                get(
                    "/media/AAAAAAAAAAAAAAAAAAAAAAAAAAA/a.mp4",
                    "Range: bytes=\((0..<1000).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ","))\r\n")
            },
        ]

    private static let versions: [HostileRow] =
        [
            "GET /healthz\r\n\r\n", "GET /healthz HTTP/0.9\r\n\r\n",
            "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", "GET /healthz HTTP/3.0\r\nHost: a\r\n\r\n",
            "GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", "GET /healthz HTTP/1.10\r\nHost: a\r\n\r\n",
            "GET /healthz HTTP/11\r\nHost: a\r\n\r\n", "GET /healthz http/1.1\r\nHost: a\r\n\r\n",
            "GET /healthz HTTP/1.1 \r\nHost: a\r\n\r\n",
            "GET\t/healthz\tHTTP/1.1\r\nHost: a\r\n\r\n",
            " GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "get /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
            "G\u{0}T /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "GET /healthz FTP/1.1\r\nHost: a\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ].map { text in
            .refused("line \(text.prefix(24).debugDescription)", "RFC 9112 sections 2.3 and 3", text: { _ in text })
        }
        + [
            HostileRow("HTTP/1.0 without a host", "RFC 9112 section 3.2", [[200]], ends: true) { _ in
                "GET /healthz HTTP/1.0\r\n\r\n"
            },
            HostileRow("two blanks in the line", "RFC 9112 section 3", [[200]]) { _ in
                "GET  /healthz  HTTP/1.1\r\nHost: a\r\n\r\n"
            },
            HostileRow("TRACE", "RFC 9110 section 9.3.8", [[405]]) { _ in
                "TRACE /healthz HTTP/1.1\r\nHost: a\r\nX-API-Key: secret\r\n\r\n"
            },
            HostileRow("a method that nobody knows", "RFC 9110 section 9.1", [[405]]) { _ in
                "REPORT /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
            },
            HostileRow("an expectation that nobody knows", "RFC 9110 section 10.1.1", [[200, 417]]) { _ in
                get("/healthz", "Expect: 200-perhaps\r\n")
            },
        ]

    /// RFC 9112 section 3.2: one Host, and one that can be a host.
    private static let hosts: [HostileRow] =
        [
            "", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a b\r\n", "Host: a, b\r\n",
            "Host: http://a\r\n", "Host: a/b\r\n", "Host: u@a\r\n", "Host: a:b\r\n", "Host: a:80:80\r\n",
            "Host: a?b\r\n", "Host: a#b\r\n", "Host: [::1\r\n", "Host: a\\b\r\n", "Host: \u{E9}\r\n",
            "Host: <a>\r\n", "Host: %zz\r\n",
        ].map { lines in
            .refused("hosts \(lines.debugDescription)", "RFC 9112 section 3.2") { _ in
                "GET /healthz HTTP/1.1\r\n\(lines)\r\n"
            }
        }
        + ["", "a", "a.example:80", "a:", "[::1]:8080", "127.0.0.1", "a_b~c!$&'()*+,;=", "%61"].map { host in
            HostileRow("host \(host)", "RFC 9112 section 3.2, RFC 3986 section 3.2.2", [[200]]) { _ in
                "GET /healthz HTTP/1.1\r\nHost: \(host)\r\n\r\n"
            }
        }

    /// Many requests ahead of their answers.
    private static let crowds: [HostileRow] = [
        .refused("a chunk extension of 1 MB", "RFC 9112 section 7.1.1") { place in
            place.head("Transfer-Encoding: chunked") + "1;a=\(many(1 << 20, "b"))\r\nx\r\n0\r\n\r\n"
        },
        .refused("1,000 chunks with an extension of 1 KB", "RFC 9112 section 7.1.1") { place in
            place.head("Transfer-Encoding: chunked") + many(1000, "1;a=\(many(1024, "b"))\r\n \r\n") + "0\r\n\r\n"
        },
        HostileRow("30,000 chunks of a byte each", "RFC 9112 section 7.1", [[201]]) { place in
            let body = #"{"fileName":"a.mp4","size":1}"#
            return place.head("Transfer-Encoding: chunked") + many(30_000, "1\r\n \r\n")
                + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        },
        HostileRow("1,000 requests at once", "RFC 9112 section 9.3.2", Array(repeating: [200], count: 1000)) { _ in
            many(1000, get("/healthz"))
        },
        HostileRow("300 requests, of which none is a request", "RFC 9112 section 2.2", [[400]], ends: true) { _ in
            many(300, "GARBAGE\r\n\r\n")
        },
        HostileRow("good ones before a bad one", "RFC 9112 sections 2.2 and 9.3.2", [[200], [404], [400]], ends: true) {
            get("/healthz") + get("/nothing") + "GARBAGE\r\n\r\n" + $0.canary
        },
        HostileRow("100 bodies that nobody may send", "RFC 9112 section 9.3", Array(repeating: [401], count: 100)) {
            _ in many(100, "POST /api/v1/uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"a\":\"b\"}")
        },
    ]
}
