import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct GrantRequestTests {
    static func request(_ json: String) throws(UploadFault) -> GrantRequest {
        try GrantRequest(json: Array(json.utf8), formats: .known, limits: GrantOrderTests.limits)
    }

    @Test func readsAGrant() throws {
        let request = try Self.request(
            #"{"protocol":"tus","fileName":"a.mov","contentType":"mov","size":7,"maxSize":9,"expiresIn":30,"else":[]}"#)
        #expect(request.way == .tus)
        #expect(request.order.file.format.mediaType.text == "video/quicktime")
        #expect(request.order.sizeBytes == 7)
        #expect(request.order.maximumBytes == 9)
        #expect(request.order.lifetimeSeconds == 30)
        let least = try Self.request(#"{"protocol":"resumable","fileName":"a.mov"}"#)
        #expect(least.way == .resumable)
        #expect(least.order.sizeBytes == nil)
        #expect(least.order.lifetimeSeconds == 600)
    }

    @Test(arguments: [
        (#"{"fileName":"a.mov"}"#, "protocol"), (#"{"protocol":"put","fileName":"a.mov"}"#, "protocol"),
        (#"{"protocol":"TUS","fileName":"a.mov"}"#, "protocol"), (#"{"protocol":7,"fileName":"a.mov"}"#, "protocol"),
        (#"{"protocol":"tus"}"#, "fileName"), (#"{"protocol":"tus","fileName":"a.txt"}"#, "contentType"),
        (#"{"protocol":"tus","fileName":"a.mov","size":"7"}"#, "size"),
        (#"{"protocol":"tus","fileName":"a.mov","size":-1}"#, "size"),
        (#"{"protocol":"tus","fileName":"a.mov","size":1.5}"#, "size"),
        (#"{"protocol":"tus","fileName":"a.mov","size":1001}"#, "size"),
        (#"{"protocol":"tus","fileName":"a.mov","size":9,"maxSize":8}"#, "size"),
        (#"{"protocol":"tus","fileName":"a.mov","expiresIn":601}"#, "expiresIn"),
        (#"{"protocol":"tus","fileName":"a.mov","maxSize":0}"#, "maxSize"), ("[]", "body"), ("", "body"),
        ("{", "body"), (String(repeating: "[", count: 100), "body"),
    ])
    func refuses(json: String, field: String) throws {
        let fault = try fault { () throws(UploadFault) in try Self.request(json) }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.first?.field == field)
    }

    @Test func answersWithTheLink() throws {
        let request = try Self.request(#"{"protocol":"resumable","fileName":"a.mov"}"#)
        let upload = try Samples.open()
        let reply = request.reply(upload, uploadURL: "https://up.example.com/uploads/x", address: Samples.address)
        #expect(reply.status == .created)
        #expect(
            try Wire(reply) == [
                "fileId": .text(Samples.idText), "protocol": "resumable",
                "uploadUrl": "https://up.example.com/uploads/x",
                "accessUrl": .text(Samples.address.accessURL(upload)), "contentType": "video/quicktime",
                "expiresAt": .text(upload.expiresAt.description),
            ])
    }
}
