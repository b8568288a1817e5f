import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// Whom a request comes from and was sent to, as trusted proxies say: RFC 7239 and the older fields.
@Suite struct TrustedProxiesTests {
    private static func proxies(_ ranges: String...) -> TrustedProxies {
        TrustedProxies(ranges.compactMap { AddressRange($0) })
    }

    private static let inner = proxies("10.0.0.0/8", "2001:db8::/64")

    private static func origin(_ peer: String, _ fields: [(String, String)]) throws -> RequestOrigin {
        var head = HTTPRequest(method: .get, scheme: "http", authority: "inner:8080", path: "/")
        for (name, value) in fields {
            head.headerFields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return inner.origin(of: head, peer: IPAddress(peer))
    }

    struct Row: Sendable {
        let peer: String
        let fields: [(String, String)]
        let client: String
        let base: String?
    }

    @Test(arguments: [
        // Nobody's word counts who is not trusted.
        Row(
            peer: "192.0.2.1", fields: [("Forwarded", "for=8.8.8.8;proto=https;host=evil")], client: "192.0.2.1",
            base: nil),
        Row(
            peer: "192.0.2.1", fields: [("X-Forwarded-For", "8.8.8.8"), ("X-Forwarded-Host", "evil")],
            client: "192.0.2.1", base: nil),
        // Who is trusted and says nothing.
        Row(peer: "10.0.0.1", fields: [], client: "10.0.0.1", base: nil),
        Row(
            peer: "10.0.0.1", fields: [("Forwarded", "for=192.0.2.60;proto=https;host=up.example.com")],
            client: "192.0.2.60", base: "https://up.example.com"),
        Row(
            peer: "::ffff:10.0.0.1", fields: [("Forwarded", "For=\"192.0.2.43:47011\";PROTO=HTTPS")],
            client: "192.0.2.43", base: "https://inner:8080"),
        Row(
            peer: "2001:db8::7", fields: [("Forwarded", "for=\"[2001:db9::1]:4711\"")], client: "2001:db9:0:0:0:0:0:1",
            base: nil),
        // Two trusted proxies: the outer one spoke to the client.
        Row(
            peer: "10.0.0.1",
            fields: [("Forwarded", "for=192.0.2.60;proto=https;host=up.example.com, for=10.0.0.2;proto=http;host=a")],
            client: "192.0.2.60", base: "https://up.example.com"),
        // What stands beyond the first stranger was written by that one.
        Row(
            peer: "10.0.0.1",
            fields: [("Forwarded", "for=10.9.9.9;host=evil, for=192.0.2.60;host=up.example.com")], client: "192.0.2.60",
            base: "http://up.example.com"),
        Row(
            peer: "10.0.0.1", fields: [("Forwarded", "for=8.8.8.8"), ("Forwarded", "for=192.0.2.60")],
            client: "192.0.2.60", base: nil),
        // Who hides the sender ends the walk.
        Row(
            peer: "10.0.0.1", fields: [("Forwarded", "for=8.8.8.8;host=evil, for=unknown;proto=https")],
            client: "10.0.0.1", base: "https://inner:8080"),
        Row(peer: "10.0.0.1", fields: [("Forwarded", "for=_hidden")], client: "10.0.0.1", base: nil),
        // What cannot be read is not read in part.
        Row(peer: "10.0.0.1", fields: [("Forwarded", "for=192.0.2.60;host=\"a")], client: "10.0.0.1", base: nil),
        Row(peer: "10.0.0.1", fields: [("Forwarded", "for=1.1.1.1;for=2.2.2.2")], client: "10.0.0.1", base: nil),
        Row(peer: "10.0.0.1", fields: [("Forwarded", "proto=javascript;host=\"a/b\"")], client: "10.0.0.1", base: nil),
        Row(peer: "10.0.0.1", fields: [("Forwarded", "")], client: "10.0.0.1", base: nil),
        // The older fields.
        Row(
            peer: "10.0.0.1",
            fields: [
                ("X-Forwarded-For", "192.0.2.60"), ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "up.example.com:8443"),
            ], client: "192.0.2.60", base: "https://up.example.com:8443"),
        Row(peer: "10.0.0.1", fields: [("X-Forwarded-For", "8.8.8.8, 192.0.2.60")], client: "192.0.2.60", base: nil),
        Row(
            peer: "10.0.0.1", fields: [("X-Forwarded-For", "192.0.2.60,10.0.0.2"), ("X-Forwarded-Proto", "https")],
            client: "192.0.2.60", base: "https://inner:8080"),
        Row(
            peer: "10.0.0.1",
            fields: [("X-Forwarded-For", "192.0.2.60, 10.0.0.2"), ("X-Forwarded-Proto", "https, http")],
            client: "192.0.2.60", base: "https://inner:8080"),
        Row(peer: "10.0.0.1", fields: [("X-Forwarded-For", "2001:db9::1")], client: "2001:db9:0:0:0:0:0:1", base: nil),
        Row(peer: "10.0.0.1", fields: [("X-Forwarded-For", "192.0.2.60:1234")], client: "192.0.2.60", base: nil),
        Row(
            peer: "10.0.0.1", fields: [("X-Forwarded-Host", "evil/path"), ("X-Forwarded-Proto", "ftp")],
            client: "10.0.0.1", base: nil),
        // What a client made up passes by a proxy that only knows the older fields.
        Row(
            peer: "10.0.0.1",
            fields: [("Forwarded", "for=8.8.8.8;host=evil"), ("X-Forwarded-For", "192.0.2.60")], client: "192.0.2.60",
            base: nil),
    ])
    func whoseWordCounts(row: Row) throws {
        let origin = try Self.origin(row.peer, row.fields)
        let client = try #require(origin.client)
        #expect((client.embedded.map { IPAddress.v4($0) } ?? client).description == row.client)
        #expect(origin.base == row.base)
    }

    @Test func nobodyIsTrustedByDefault() {
        #expect(TrustedProxies.none.isEmpty)
        let head = TusHeads.head(.get, [("Forwarded", "for=8.8.8.8;host=evil")])
        let origin = TrustedProxies.none.origin(of: head, peer: .v4(0x7F00_0001))
        #expect(origin == RequestOrigin(client: .v4(0x7F00_0001), base: nil))
        #expect(Self.inner.origin(of: head, peer: nil) == RequestOrigin(client: nil, base: nil))
    }

    /// RFC 7239 section 4, its examples among them.
    @Test func aFieldIsReadAsAWhole() throws {
        let hops = try #require(
            ForwardedField.parse(
                "for=192.0.2.43, for=\"[2001:db8:cafe::17]\", for=unknown ; by = x".replacing(" = ", with: "=")))
        #expect(hops.count == 3)
        #expect(hops[0].sender == IPAddress("192.0.2.43"))
        #expect(hops[1].sender == IPAddress("2001:db8:cafe::17"))
        #expect(hops[2].sender == nil)
        #expect(ForwardedField.parse("host=\"a\\b\"")?.first?.host == "ab")
        for text in ["for", "for=", "=a", "for=a b", "for=\"a\"b", "for=a;;for=b", "for=\"a\\"] {
            #expect(ForwardedField.parse(text) == nil, "\(text)")
        }
    }
}
