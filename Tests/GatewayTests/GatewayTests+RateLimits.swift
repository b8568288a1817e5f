import Foundation
import Testing

extension GatewayTests {
    /// Who asks too often is told to wait, and nobody else notices.
    @Suite(.gateway("--requests-per-second-and-key", "5")) struct KeyRate {
        @Test func `a key that asks too often is told how long to wait`() async throws {
            let gateway = try RunningGateway.shared
            let busy = try await gateway.newKey(tenant: "busy")
            let calm = try await gateway.newKey(tenant: "calm")
            let urls = Array(repeating: "\(gateway.base)/api/v1/uploads", count: 60)
            let answers = try await Curl.many(
                urls.map { [("url", $0), ("header", "X-API-Key: \(busy)")] }, atOnce: true)
            let refused = answers.filter { $0.status == 429 }
            #expect(answers.allSatisfy { [200, 429].contains($0.status) })
            // Five at once, and five more for each second that it took; it took no ten.
            #expect(refused.count >= 5 && refused.count < 56, "\(refused.count)")
            let other = try await gateway.call("GET", "/api/v1/uploads", key: calm)
            #expect(other.status == 200, "\(other.account)")
            try await eventually("a request is refused") {
                let answer = try await gateway.call("GET", "/api/v1/uploads", key: busy)
                guard answer.status == 429 else { return false }
                #expect(answer.code == "rate_limited")
                #expect(answer["Retry-After"].flatMap { Int($0) }.map { (1...2).contains($0) } == true)
                return true
            }
            try await eventually("the key is good again") {
                try await gateway.call("GET", "/api/v1/uploads", key: busy).status == 200
            }
        }
    }

    @Suite(.gateway("--requests-per-second-and-address", "5", "--cors-origins", "*")) struct AddressRate {
        @Test func `whoever guesses is slowed down, whoever watches is not`() async throws {
            let gateway = try RunningGateway.shared
            let urls = Array(repeating: "\(gateway.base)/api/v1/uploads", count: 60)
            let answers = try await Curl.many(urls.map { [("url", $0), ("header", "X-API-Key: guess")] }, atOnce: true)
            #expect(answers.contains { $0.status == 401 })
            #expect(answers.contains { $0.status == 429 })
            #expect(answers.allSatisfy { [401, 429].contains($0.status) })
            for _ in 0..<20 { #expect(try await gateway.get("/healthz").status == 200) }
        }

        @Test(arguments: [
            ("/nowhere", ["GET"], 404), ("/api/v1/uploads", ["PATCH"], 405),
            (
                "/api/v1/uploads",
                ["OPTIONS", "-H", "Origin: https://a.example", "-H", "Access-Control-Request-Method: POST"], 204
            ),
            ("/", ["OPTIONS", "--request-target", "*"], 204), ("/", ["GET", "--request-target", "*"], 400),
        ])
        func `what no route takes counts too`(path: String, arguments: [String], status: Int) async throws {
            let gateway = try RunningGateway.shared
            var seen: Set<Int> = []
            for _ in 0..<30 where !seen.contains(429) {
                seen.insert(try await Curl.run(["-X"] + arguments + [gateway.base + path]).status)
            }
            #expect(seen.contains(429) && seen.isSubset(of: [status, 429]), "\(seen)")
            // Who watches is never told to wait, whatever he asks.
            for method in ["GET", "POST"] {
                #expect(try await gateway.call(method, "/healthz", key: nil).status != 429)
            }
        }
    }
}
