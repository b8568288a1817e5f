import Foundation
import Testing

extension GatewayTests {
    /// Behind proxies that are trusted to say where a request began.
    @Suite(.gateway("--trusted-proxies", "127.0.0.0/8,::1")) struct Proxies {
        private static let tus = ["-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Length: 9"]

        @Test(
            arguments: [
                (["Forwarded: for=192.0.2.60;proto=https;host=up.example.com"], "https://up.example.com"),
                (["X-Forwarded-Proto: https", "X-Forwarded-Host: up.example.com:8443"], "https://up.example.com:8443"),
                (["X-Forwarded-Proto: https", "Host: inner.example"], "https://inner.example"),
                (["X-Forwarded-Host: up.example.com/evil"], nil), (["X-Forwarded-Proto: gopher"], nil), ([], nil),
            ] as [([String], String?)])
        func `addresses are those that the client used`(fields: [String], base: String?) async throws {
            let gateway = try RunningGateway.shared
            let base = base ?? gateway.base
            let fields = fields.flatMap { ["-H", $0] }
            let created = try await gateway.call("POST", "/files/", Self.tus + fields)
            #expect(created["Location"]?.hasPrefix("\(base)/files/") == true, "\(created["Location"] ?? "none")")
            let link = try await gateway.call("GET", "/api/media/uploadUrl?fileName=a.mp4", fields)
            #expect(try link.json["uploadUrl"].string?.hasPrefix("\(base)/upload/") == true)
            #expect(try link.json["accessUrl"].string?.hasPrefix("\(base)/media/") == true)
            let begun = try await gateway.call(
                "POST", "/api/v1/uploads", fields + ["--data-binary", #"{"fileName":"a.mp4","size":9}"#])
            #expect(begun["Location"]?.hasPrefix("\(base)/api/v1/uploads/") == true)
            let document = try await gateway.call("GET", "/openapi.yaml", fields)
            #expect(document.text.contains("  - url: \"\(base)\"\n"))
        }

        @Test func `an address that was told is known again`() async throws {
            let gateway = try RunningGateway.shared
            let file = try await gateway.usedLink(try Samples.shared.mp4)
            let outer = file.accessURL.replacing(gateway.base, with: "https://up.example.com")
            let question = ["-H", "Content-Type: application/json", "--data-binary", #"{"mediaUrl":"\#(outer)"}"#]
            let inside = try await gateway.call(
                "POST", "/api/media/urlExists",
                question + ["-H", "X-Forwarded-Host: up.example.com", "-H", "X-Forwarded-Proto: https"])
            #expect(inside.status == 200, "\(inside.account)")
        }

        @Test func `the log tells the client`() async throws {
            let gateway = try RunningGateway.shared
            _ = try await gateway.call(
                "GET", "/healthz", ["-H", "X-Forwarded-For: 203.0.113.9, 192.0.2.77, 127.0.0.2"])
            try await eventually("the request is logged") { gateway.log.text.contains("client.address=192.0.2.77") }
            #expect(!gateway.log.text.contains("client.address=203.0.113.9"))
        }
    }

    @Suite(.gateway("--trusted-proxies", "127.0.0.1", "--requests-per-second-and-address", "5")) struct ProxyRates {
        @Test func `one client behind a proxy does not use up another's rate`() async throws {
            let gateway = try RunningGateway.shared
            func transfers(_ client: String, _ count: Int) -> [[(option: String, value: String)]] {
                Array(
                    repeating: [
                        ("url", "\(gateway.base)/api/v1/uploads"), ("header", "X-API-Key: \(gateway.key)"),
                        ("header", "X-Forwarded-For: \(client)"),
                    ], count: count)
            }
            let busy = try await Curl.many(transfers("192.0.2.1", 40), atOnce: true)
            #expect(busy.contains { $0.status == 429 })
            let calm = try await Curl.many(transfers("192.0.2.2", 2), atOnce: true)
            #expect(calm.allSatisfy { $0.status == 200 }, "\(calm)")
        }
    }

    /// As it comes, nobody's word counts.
    @Suite(.gateway) struct NoProxies {
        @Test func `what anybody writes changes nothing`() async throws {
            let gateway = try RunningGateway.shared
            let created = try await gateway.call(
                "POST", "/files",
                [
                    "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Length: 9", "-H", "Host: evil.example", "-H",
                    "Forwarded: for=192.0.2.99;proto=https;host=evil.example", "-H", "X-Forwarded-Host: evil.example",
                    "-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-For: 192.0.2.99",
                ])
            #expect(created["Location"]?.hasPrefix("\(gateway.base)/files/") == true)
            #expect(!gateway.log.text.contains("192.0.2.99"))
        }
    }

    @Suite(.gateway("--trusted-proxies", "127.0.0.1", "--public-url", "https://fixed.example")) struct FixedAddress {
        @Test func `the address that the operator named stands`() async throws {
            let created = try await RunningGateway.shared.call(
                "POST", "/files",
                [
                    "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Length: 9", "-H", "X-Forwarded-Host: other.example",
                    "-H", "X-Forwarded-Proto: http",
                ])
            #expect(created["Location"]?.hasPrefix("https://fixed.example/files/") == true)
        }

        @Test func `what is no list of proxies is refused at the start`() async throws {
            for text in ["proxy.example", "10.0.0.1/33", "10.0.0.1/8", "10.0.0.0/8;::1"] {
                let result = try await RunningGateway.command(["serve", "--trusted-proxies", text, "--port", "1"])
                #expect(result.exitCode != 0)
                #expect(result.errors.contains("trusted-proxies: \"\(text)\""), "\(result.errors)")
            }
        }
    }
}
