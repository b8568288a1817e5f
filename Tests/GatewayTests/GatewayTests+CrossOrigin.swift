import Foundation
import Testing

extension GatewayTests {
    /// Pages of other origins (Fetch standard, "CORS protocol"), from the outside.
    @Suite(.gateway("--cors-origins", "https://app.example.com, http://localhost:3000")) struct CrossOrigin {
        private static let page = ["-H", "Origin: https://app.example.com"]
        private static let stranger = ["-H", "Origin: https://evil.example.com"]
        private static let question = ["-H", "Access-Control-Request-Method: PUT"]

        @Test func `a page may ask before it sends`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.begun(["fileName": "a.mp4", "size": 10])
            let path = "/api/v1/uploads/\(upload.fileID)/parts/1"
            // A browser sends no key with its question.
            let answer = try await gateway.call("OPTIONS", path, key: nil, Self.page + Self.question)
            #expect(answer.status == 204, "\(answer.account)")
            #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com")
            #expect(answer["Access-Control-Allow-Methods"] == "PUT")
            let fields = answer["Access-Control-Allow-Headers"]?.lowercased() ?? ""
            for field in ["x-api-key", "authorization", "content-type", "content-digest"] {
                #expect(fields.contains(field), "\(fields)")
            }
            #expect(answer["Access-Control-Allow-Credentials"] == nil)
            let other = try await gateway.call("OPTIONS", path, key: nil, Self.stranger + Self.question)
            #expect(other["Access-Control-Allow-Origin"] == nil, "\(other.account)")
        }

        @Test func `a page may read what it was answered, errors too`() async throws {
            let gateway = try RunningGateway.shared
            for (path, key) in [("/api/v1/uploads", gateway.key), ("/api/v1/uploads", "wrong"), ("/nowhere", "")] {
                let answer = try await gateway.call("GET", path, key: key, Self.page)
                #expect(answer["Access-Control-Allow-Origin"] == "https://app.example.com", "\(answer.account)")
                #expect(answer["Vary"] == "Origin")
                #expect(answer["Access-Control-Expose-Headers"]?.contains("Content-Digest") == true)
                for arguments in [Self.stranger, []] {
                    let other = try await gateway.call("GET", path, key: key, arguments)
                    #expect(other["Access-Control-Allow-Origin"] == nil, "\(other.account)")
                    // So that no cache gives one page the answer for another.
                    #expect(other["Vary"] == "Origin")
                }
            }
        }

        @Test func `a question without a page is no question`() async throws {
            let gateway = try RunningGateway.shared
            for arguments in [[], Self.page, Self.question] {
                let answer = try await gateway.call("OPTIONS", "/api/v1/uploads", arguments)
                #expect(answer.status == 405, "\(answer.account)")
                #expect(answer["Allow"] == "GET, HEAD, POST")
            }
        }
    }

    /// As it comes, no page of another origin may use it.
    @Suite(.gateway) struct NoCrossOrigin {
        @Test func `nothing is allowed`() async throws {
            let gateway = try RunningGateway.shared
            let page = ["-H", "Origin: https://app.example.com"]
            let question = try await gateway.call(
                "OPTIONS", "/api/v1/uploads", page + ["-H", "Access-Control-Request-Method: POST"])
            #expect(question.status == 405, "\(question.account)")
            let answer = try await gateway.call("GET", "/api/v1/uploads", page)
            for answer in [question, answer] {
                let names = answer.heads.flatMap { $0.fields.map { $0.name } }
                #expect(!names.contains { $0.lowercased().hasPrefix("access-control") }, "\(answer.account)")
            }
        }
    }
}
