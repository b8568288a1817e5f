import Foundation
import Testing

extension GatewayTests {
    /// Clients that keep us waiting, and clients that are overtaken by themselves.
    @Suite(
        .gateway(
            "--head-timeout-seconds", "1", "--idle-timeout-seconds", "1", "--body-timeout-seconds", "1"))
    struct Waiting {
        private func partHead(_ gateway: RunningGateway, _ fileID: String, bytes: Int) -> String {
            "PUT /api/v1/uploads/\(fileID)/parts/1 HTTP/1.1\r\nHost: a\r\nX-API-Key: \(gateway.key)\r\n"
                + "Content-Length: \(bytes)\r\n\r\n"
        }

        /// The last of them is all that a client of HTTP/0.9 sends.
        @Test(arguments: ["", "GET /healthz HTTP/1.1\r\nHos", "GET /healthz\r\n"])
        func `a head that does not come ends the connection`(sent: String) async throws {
            let answer = try await RawConnection.exchange(port: RunningGateway.shared.port, sent)
            #expect(answer == "")
        }

        @Test func `a connection between two requests ends after a while`() async throws {
            let answer = try await RawConnection.exchange(
                port: RunningGateway.shared.port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }

        @Test func `a body that stops is answered and leaves nothing`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.begin(["fileName": "a.mp4", "size": 1000])
            let fileID = try #require(upload.json["fileId"].string)
            let answer = try await RawConnection.exchange(
                port: gateway.port, partHead(gateway, fileID, bytes: 1000) + "only this")
            #expect(answer.hasPrefix("HTTP/1.1 408"), "\(answer)")
            #expect(answer.contains("request_timeout"))
            #expect(try await gateway.partNumbers(fileID) == [])
        }

        @Test func `a newer request for the same part takes over at once`() async throws {
            let gateway = try RunningGateway.shared
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 2 << 20), sizeBytes: 1 << 20)
            let upload = try await gateway.begun(pieces)
            let stalled = try RawConnection(port: gateway.port)
            try await stalled.send(partHead(gateway, upload.fileID, bytes: 1 << 20))
            try await stalled.send(pieces.bytes(1).prefix(1000))
            let part = try await gateway.putPart(upload.fileID, 1, pieces.paths[0])
            #expect(part.status == 204, "\(part.account)")
            let answer = try await stalled.receiveToEnd()
            // It may have been overtaken before its first byte was looked at; it never counts.
            #expect(answer.hasPrefix("HTTP/1.1 409") || answer.hasPrefix("HTTP/1.1 408"), "\(answer)")
            #expect(try await gateway.partNumbers(upload.fileID) == [1])
        }
    }
}
