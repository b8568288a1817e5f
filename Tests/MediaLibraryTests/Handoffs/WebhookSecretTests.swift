import Testing

@testable import MediaLibrary

@Suite struct WebhookSecretTests {
    /// An example that the libraries of Standard Webhooks are tested with.
    @Test func signsAsTheOthersDo() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func everyPartIsSigned() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let other = try #require(WebhookSecret("whsec_AfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signatures: Set<String> = [
            secret.signature(id: "a", seconds: 1, body: [1]), secret.signature(id: "b", seconds: 1, body: [1]),
            secret.signature(id: "a", seconds: 2, body: [1]), secret.signature(id: "a", seconds: 1, body: [2]),
            other.signature(id: "a", seconds: 1, body: [1]),
        ]
        #expect(signatures.count == 5)
    }

    @Test(arguments: [
        "", "whsec_", "whsec_c2hvcnQ=", "not base64 at all, but long enough",
        "whsec_" + String(repeating: "A", count: 92),
    ])
    func refuses(text: String) { #expect(WebhookSecret(text) == nil) }

    @Test func takesTheLengthsOfTheSpecification() {
        for bytes in [24, 32, 64] {
            let base64 =
                String(repeating: "A", count: (bytes + 2) / 3 * 4 - (3 - bytes % 3) % 3)
                + String(repeating: "=", count: (3 - bytes % 3) % 3)
            #expect(WebhookSecret("whsec_" + base64) != nil, "\(bytes)")
            #expect(WebhookSecret(base64) != nil, "\(bytes)")
        }
    }

    @Test func tellsItselfToNobody() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        struct Holder { let secret: WebhookSecret }
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(Holder(secret: secret))", dumped] {
            #expect(!text.contains("49, 242") && !text.contains("MfKQ"), "\(text)")
        }
    }
}
