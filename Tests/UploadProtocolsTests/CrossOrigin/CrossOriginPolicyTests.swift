import HTTPTypes
import Testing

@testable import UploadProtocols

@Suite struct CrossOriginPolicyTests {
    @Test(arguments: [
        "", " ", "*", "https://a.example", "http://localhost:3000, https://a.example", "HTTPS://[::1]:8443",
    ])
    func whatIsAListOfOrigins(text: String) { #expect(CrossOriginPolicy(text) != nil) }

    @Test(arguments: [
        "a.example", "https://", "https://a.example/", "https://a.example/x", "ftp://a.example", "null",
        "*, https://a.example", "https://*.example", "https://user@a.example", "https://a.example?x",
        "https://ä.example",
    ])
    func whatIsNone(text: String) { #expect(CrossOriginPolicy(text) == nil) }

    private func head(_ method: HTTPRequest.Method, _ fields: HTTPFields) -> HTTPRequest {
        HTTPRequest(method: method, scheme: nil, authority: nil, path: "/", headerFields: fields)
    }

    struct Row: Sendable {
        let origins: String
        let origin: String?
        let allowed: String?
        let vary: String?
    }

    @Test(arguments: [
        Row(origins: "", origin: "https://a.example", allowed: nil, vary: nil),
        Row(origins: "*", origin: "https://a.example", allowed: "*", vary: nil),
        Row(origins: "*", origin: nil, allowed: "*", vary: nil),
        Row(origins: "https://a.example", origin: nil, allowed: nil, vary: "Origin"),
        Row(origins: "https://a.example", origin: "https://a.example", allowed: "https://a.example", vary: "Origin"),
        // Neither more nor less than the whole of it.
        Row(origins: "https://a.example", origin: "http://a.example", allowed: nil, vary: "Origin"),
        Row(origins: "https://a.example", origin: "https://a.example:8443", allowed: nil, vary: "Origin"),
        Row(origins: "https://a.example", origin: "https://a.example.evil", allowed: nil, vary: "Origin"),
        Row(origins: "https://a.example", origin: "https://b.a.example", allowed: nil, vary: "Origin"),
        Row(origins: "https://a.example", origin: "null", allowed: nil, vary: "Origin"),
    ])
    func whoMayReadAnAnswer(row: Row) throws {
        let policy = try #require(CrossOriginPolicy(row.origins))
        var fields: HTTPFields = [:]
        fields[.origin] = row.origin
        let answer = policy.fields(for: head(.get, fields))
        #expect(answer[.accessControlAllowOrigin] == row.allowed)
        #expect(answer[.vary] == row.vary)
        #expect((answer[.accessControlExposeHeaders] != nil) == (row.allowed != nil && row.origin != nil))
        #expect(answer[.accessControlAllowCredentials] == nil)
    }

    @Test func whatIsAQuestion() throws {
        let policy = try #require(CrossOriginPolicy("https://a.example"))
        let question: HTTPFields = [.origin: "https://a.example", .accessControlRequestMethod: "PUT"]
        #expect(policy.isPreflight(head(.options, question)))
        #expect(!policy.isPreflight(head(.put, question)))
        #expect(!policy.isPreflight(head(.options, [.origin: "https://a.example"])))
        #expect(!policy.isPreflight(head(.options, [.accessControlRequestMethod: "PUT"])))
        #expect(!CrossOriginPolicy.off.isPreflight(head(.options, question)))
        let answer = policy.preflight("GET, PUT")
        #expect(answer.status.code == 204)
        #expect(answer.fields[.accessControlAllowMethods] == "GET, PUT")
    }
}
