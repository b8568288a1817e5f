import HTTPTypes
import Testing
import UploadProtocols

@Suite struct ReplyTests {
    @Test func sortsKeysAndKeepsSlashes() throws {
        let reply = Reply.json(.ok, ["b": "https://a/b", "a": "\u{1}\"\\€", "C": ""])
        #expect(reply.text == #"{"C":"","a":"\u0001\"\\€","b":"https://a/b"}"#)
        #expect(reply.status == .ok)
        #expect(reply.fields == [.contentType: "application/json", .cacheControl: "no-store"])
    }

    @Test func addsToGivenFields() {
        let reply = Reply.json(.created, [1], mediaType: "application/problem+json", fields: [.location: "/x"])
        #expect(
            reply.fields == [
                .location: "/x", .contentType: "application/problem+json", .cacheControl: "no-store",
            ])
        #expect(reply.text == "[1]")
    }

    @Test func isEmptyUnlessTold() {
        #expect(Reply(.noContent).body.isEmpty)
        #expect(Reply(.noContent).fields.isEmpty)
    }

    @Test func namesItsFields() {
        let names: [(HTTPField.Name, String)] = [
            (.reprDigest, "Repr-Digest"), (.contentDigest, "Content-Digest"), (.wantReprDigest, "Want-Repr-Digest"),
            (.wantContentDigest, "Want-Content-Digest"), (.apiKey, "X-API-Key"), (.requestID, "X-Request-Id"),
            (.link, "Link"), (.idempotencyKey, "Idempotency-Key"),
            (.crossOriginResourcePolicy, "Cross-Origin-Resource-Policy"),
        ]
        for (name, text) in names { #expect(name.rawName == text) }
    }
}
