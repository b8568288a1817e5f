import Foundation
import Testing

extension GatewayTests {
    /// A page of another origin in a real browser, with all that stands between the two (Fetch standard, "CORS protocol").
    @Suite(.enabled(if: Browser.program != nil, "there is no Chromium"))
    struct Browsers {
        @Test func `a page uploads in every way`() async throws {
            let site = try Receiver()
            let gateway = try await RunningGateway.start(
                options: ["--cors-origins", "http://127.0.0.1:\(site.port)", "--examine-media", "false"])
            let page = try BrowserPage.html(["gateway": "\(gateway.base)", "key": "\(gateway.key)"])
            site.answers { request in
                guard request.path == "/" else { return .status(204) }
                return .status(200, fields: ["Content-Type": "text/html"], body: Data(page.utf8))
            }
            let heard = try await Browser.show("http://127.0.0.1:\(site.port)/") {
                try await site.hears("what the page could read", seconds: 120) { heard in
                    heard.contains { $0.path == "/told" }
                }
            }
            let told = try #require(heard.first { $0.path == "/told" }).json
            let size = "\(BrowserPage.sizeBytes)"
            let metadata: JSON = "filename ZmlsbS5tcDQ="
            let whole: JSON = [201, 200, "\(size)", metadata, true]
            #expect(told["broken"] == whole)
            #expect(told["disguised"] == whole)
            #expect(told["granted"] == whole)
            #expect(told["joined"] == [201, "\(size)", true])
            #expect(told["signed"] == [200, true, true, true, 409, "link_used"])
            #expect(told["resumable"] == [201, "\(BrowserPage.sizeBytes / 2)", 200, true])
            #expect(told["refused"] == [401, "unauthorized"])
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
        }
    }
}
