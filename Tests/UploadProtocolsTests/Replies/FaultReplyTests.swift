import HTTPTypes
import Testing
import UploadModel
import UploadProtocols

@Suite struct FaultReplyTests {
    static let statuses: [(name: String, status: Int)] = [
        ("invalid_request", 400), ("invalid_part", 400), ("digest_mismatch", 400), ("length_mismatch", 400),
        ("unauthorized", 401), ("link_invalid", 403), ("not_found", 404), ("method_not_allowed", 405),
        ("request_timeout", 408), ("link_used", 409), ("parts_missing", 409), ("chunk_size_unknown", 409),
        ("superseded", 409), ("already_complete", 409), ("already_finalized", 409), ("not_complete", 409),
        ("link_expired", 410), ("upload_gone", 410), ("too_large", 413), ("content_type_mismatch", 415),
        ("content_mismatch", 415), ("unsupported_media_type", 415), ("range_not_satisfiable", 416),
        ("unsupported_version", 412),
        ("too_many_uploads", 429), ("rate_limited", 429), ("head_too_large", 431), ("internal_error", 500),
        ("unavailable", 503),
        ("insufficient_storage", 507), ("quota_exceeded", 507), ("url_refused", 400), ("url_unreachable", 400),
        ("not_editable", 409), ("offset_mismatch", 409), ("way_mismatch", 409),
        ("inconsistent_upload_length", 400),
        ("verification_refused", 422),
    ]

    @Test func everyCodeHasAStatus() {
        #expect(Self.statuses.map(\.name).sorted() == UploadFault.Code.allCases.map(\.rawValue).sorted())
    }

    @Test(arguments: statuses.indices)
    func answersInEveryDialect(index: Int) throws {
        let (name, status) = Self.statuses[index]
        let fault = UploadFault(try #require(UploadFault.Code(rawValue: name)), "Do \"this\".", cause: "/var/secret")
        for dialect in [ErrorDialect.problem, .media, .gallery] {
            let reply = fault.reply(dialect, requestID: "r-1")
            #expect(reply.status.code == status)
            #expect(reply.fields[.wwwAuthenticate] == (status == 401 ? "Bearer" : nil))
            #expect(reply.fields[.retryAfter] == nil)
            #expect(!reply.text.contains("secret"))
            #expect(reply == fault.reply(dialect, requestID: "r-1"))
        }
        let problem = try Wire(fault.reply(.problem, requestID: "r-1"), mediaType: "application/problem+json")
        #expect(
            problem == [
                "type": "about:blank", "title": .text(fault.status.reasonPhrase), "status": .integer(Int64(status)),
                "detail": "Do \"this\".", "code": .text(name), "requestId": "r-1",
            ])
        #expect(!fault.status.reasonPhrase.isEmpty)
        #expect(
            try Wire(fault.reply(.media, requestID: "r-1")) == [
                "success": false, "message": "Do \"this\".", "code": .text(name), "requestId": "r-1",
            ])
        #expect(
            try Wire(fault.reply(.gallery, requestID: "r-1")) == [
                "status": "error", "code": .text(name), "message": "Do \"this\".", "requestId": "r-1",
            ])
    }

    @Test func listsWhatIsMissing() throws {
        let fault = UploadFault(.partsMissing, "Send them.", missing: [1...3, 7...7])
        let missing: Wire = [[1, 3], [7, 7]]
        #expect(
            try Wire(fault.reply(.problem, requestID: "r"), mediaType: "application/problem+json")["missing"]
                == missing)
        #expect(try Wire(fault.reply(.media, requestID: "r"))["missing"] == missing)
        let none = UploadFault(.partsMissing, "Send them.", missing: [])
        #expect(try Wire(none.reply(.media, requestID: "r"))["missing"] == [])
    }

    @Test func namesEveryWrongField() throws {
        let fault = UploadFault(
            .invalidRequest, "Two are wrong.",
            fields: [FieldFault(field: "b", message: "no \n line"), FieldFault(field: "a", message: "€")])
        let errors: Wire = [["field": "b", "message": "no \n line"], ["field": "a", "message": "€"]]
        let problem = try Wire(fault.reply(.problem, requestID: "r"), mediaType: "application/problem+json")
        #expect(problem["errors"] == errors)
        #expect(problem.keys == ["code", "detail", "errors", "requestId", "status", "title", "type"])
        let media = try Wire(fault.reply(.media, requestID: "r"))
        #expect(media["errors"] == errors)
        #expect(media.keys == ["code", "errors", "message", "requestId", "success"])
        let gallery = try Wire(fault.reply(.gallery, requestID: "r"))
        #expect(gallery["errors"] == errors)
        #expect(gallery.keys == ["code", "errors", "message", "requestId", "status"])
    }

    @Test(arguments: [ErrorDialect.problem, .media, .gallery])
    func saysWhenToTryAgain(dialect: ErrorDialect) {
        let fault = UploadFault(.unavailable, "Draining.", retryAfterSeconds: 5)
        #expect(fault.reply(dialect, requestID: "r").fields[.retryAfter] == "5")
    }

    @Test func writesTheSameBytesEachTime() {
        let reply = UploadFault(.linkUsed, "Ask for a/new link.").reply(.problem, requestID: "r-1")
        let text =
            #"{"code":"link_used","detail":"Ask for a/new link.","requestId":"r-1","status":409,"#
            + #""title":"Conflict","type":"about:blank"}"#
        #expect(reply.text == text)
    }
}
