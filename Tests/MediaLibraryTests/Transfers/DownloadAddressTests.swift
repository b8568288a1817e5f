import Testing
import UploadModel

@testable import MediaLibrary

/// Where a URL from a stranger must never lead.
@Suite(.timeLimit(.minutes(2))) struct DownloadAddressTests {
    /// Spellings of this machine. `PORT` is that of a server that listens there and must hear nothing.
    @Test(arguments: [
        "http://127.0.0.1:PORT/", "http://127.1:PORT/", "http://2130706433:PORT/", "http://0x7f.1:PORT/",
        "http://0x7f000001:PORT/", "http://0177.0.0.1:PORT/", "http://017700000001:PORT/", "http://0:PORT/",
        "http://0.0.0.0:PORT/", "http://localhost:PORT/", "http://LOCALHOST.:PORT/", "http://any.localhost:PORT/",
        "http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/", "http://[::1]:PORT/", "http://[::]:PORT/",
        "http://%31%32%37.0.0.1:PORT/", "http://\u{2460}\u{2461}\u{2466}.0.0.1:PORT/", "http://127.0.0.1.:PORT/",
        "http:\\\\127.0.0.1:PORT/", "http:/127.0.0.1:PORT/", "http:127.0.0.1:PORT/",
        "http://8.8.8.8@127.0.0.1:PORT/", "http://8.8.8.8:80@127.0.0.1:PORT/", "http://127.0.0.1:PORT\\@8.8.8.8/",
    ])
    func `this machine, however it is spelled`(template: String) async throws {
        try await ScriptedServer.run { connection in
            try await connection.answer("200 OK", [], Array("secret".utf8))
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                let url = template.replacing("PORT", with: "\(server.port)")
                var order = DownloadOrder(url, addresses: AddressRule())
                order.connectTimeoutSeconds = 3
                let fault = await client.fault(of: order, into: sink)
                // A spelling that means nothing here may also be a name that nobody has.
                #expect(fault?.code == .urlRefused || fault?.detail == "The host of the URL could not be found.")
                // What the name leads to is for the log only.
                #expect(fault?.detail.contains("127") == false && fault?.detail.contains("::") == false)
                #expect(sink.heads == [] && sink.bytes == [])
            }
            #expect(server.seen.counts.opened == 0)
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:PORT/", "http://2130706433:PORT/", "http://0x7f.1:PORT/", "http://0177.0.0.1:PORT/",
        "http://localhost:PORT/", "http://127.1:PORT/",
    ])
    func `the same spellings lead there when that is allowed`(template: String) async throws {
        try await ScriptedServer.run { connection in
            try await connection.answer("200 OK", [], Array("open".utf8))
        } _: { server in
            try await withClient { client in
                let url = template.replacing("PORT", with: "\(server.port)")
                let order = DownloadOrder(url, addresses: .loopback("127.0.0.1"))
                let summary = try await client.download(order, into: GatheringSink())
                #expect(summary.receivedBytes == 4)
            }
        }
    }

    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/",
        "http://100.64.0.1/", "http://198.18.0.1/", "http://224.0.0.1/", "http://255.255.255.255/",
        "http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
        "http://[::7f00:1]/", "http://[100::1]/",
    ])
    func `networks that are not public`(url: String) async throws {
        try await withClient { client in
            var order = DownloadOrder(url, addresses: AddressRule())
            order.connectTimeoutSeconds = 3
            let fault = await client.fault(of: order)
            #expect(fault?.code == .urlRefused)
            #expect(fault?.detail == "The URL leads to an address that this gateway does not fetch from.")
        }
    }

    /// `OTHER` is a server that listens on another loopback address, which is not allowed.
    @Test(arguments: [
        "http://OTHER/", "//OTHER/", "http://169.254.169.254/latest/meta-data/", "http://localhost:1/",
        "http://[::1]:1/",
        "file:///etc/hostname", "FILE:///etc/hostname", "file://localhost/etc/hostname", "gopher://OTHER/_GET%20/",
        "ftp://OTHER/a", "dict://OTHER/a", "ldap://OTHER/", "scp://OTHER/a", "tftp://OTHER/a", "telnet://OTHER/",
        "smb://OTHER/a", "mqtt://OTHER/a", "http://user:word@OTHER/", "http://user@SAME/", "jar:http://OTHER/!/",
    ])
    func `a redirect leads nowhere else`(location: String) async throws {
        try await ScriptedServer.run(on: "127.0.0.1") { connection in
            try await connection.answer("200 OK", [], Array("secret".utf8))
        } _: { other in
            try await ScriptedServer.run(on: "127.0.0.2") { connection in
                try await connection.redirect(
                    to: location.replacing("OTHER", with: "\(other.host):\(other.port)")
                        .replacing("SAME", with: connection.request.values("host").joined()))
            } _: { server in
                try await withClient { client in
                    let sink = GatheringSink()
                    let order = DownloadOrder(server.base + "/a", addresses: .loopback("127.0.0.2"))
                    let fault = await client.fault(of: order, into: sink)
                    #expect(fault?.code == .urlRefused)
                    #expect(sink.heads == [] && sink.bytes == [])
                }
                #expect(server.seen.counts.opened == 1)
            }
            #expect(other.seen.counts.opened == 0)
        }
    }

    @Test(arguments: ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"])
    func `a redirect to an allowed address is followed`(status: String) async throws {
        try await ScriptedServer.run(on: "127.0.0.3") { connection in
            try await connection.answer("200 OK", [], Array("here".utf8))
        } _: { other in
            try await ScriptedServer.run(on: "127.0.0.2") { connection in
                switch connection.request.target {
                case "/a/b": try await connection.redirect(to: "../c d?x", status)
                default: try await connection.redirect(to: other.base + "/file.bin", status)
                }
            } _: { server in
                try await withClient { client in
                    let sink = GatheringSink()
                    let order = DownloadOrder(server.base + "/a/b", addresses: .loopback("127.0.0.2", "127.0.0.3"))
                    let summary = try await client.download(order, into: sink)
                    #expect(summary.receivedBytes == 4)
                    #expect(sink.heads.map(\.effectiveURL) == [other.base + "/file.bin"])
                    #expect(sink.heads.map(\.nameHint) == ["file.bin"])
                }
                #expect(server.seen.requests.map(\.target) == ["/a/b", "/c%20d?x"])
            }
        }
    }

    @Test func `redirects have an end`() async throws {
        try await ScriptedServer.run { connection in
            let left = Int(connection.request.target.dropFirst()) ?? 0
            if left > 0 { return try await connection.redirect(to: "/\(left - 1)") }
            try await connection.answer("200 OK", [], Array("here".utf8))
        } _: { server in
            try await withClient { client in
                let summary = try await client.download(DownloadOrder(server.base + "/5"), into: GatheringSink())
                #expect(summary.attempts == 1)
                #expect(server.seen.counts.opened == 6)
                #expect(await client.fault(of: DownloadOrder(server.base + "/6"))?.code == .urlUnreachable)
                #expect(server.seen.counts.opened == 12)
                var order = DownloadOrder(server.base + "/1")
                order.maximumRedirects = 0
                #expect(await client.fault(of: order)?.code == .urlUnreachable)
                #expect(server.seen.counts.opened == 13)
            }
        }
    }

    /// The body of a redirect is nobody's file: it is not waited for, and not kept.
    @Test func `an endless redirect is left at once`() async throws {
        try await ScriptedServer.run { connection in
            if connection.request.target == "/b" { return try await connection.answer("200 OK", [], [1, 2, 3]) }
            try await connection.send("HTTP/1.1 302 Found\r\nLocation: /b\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true { try await connection.send("1000\r\n" + String(repeating: "x", count: 4_096) + "\r\n") }
        } _: { server in
            try await withClient { client in
                let sink = GatheringSink()
                _ = try await client.download(DownloadOrder(server.base + "/a"), into: sink)
                #expect(sink.bytes == [1, 2, 3])
            }
        }
    }
}
