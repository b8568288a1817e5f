import Foundation
import Testing

extension GatewayTests {
    /// One upload, many ways: whichever began it, all others see the same and go on with it, or say why not.
    @Suite(.gateway("--examine-media", "false")) struct OneTruth {
        /// What `Sluice.docc/Ways.md` says of each pair is so.
        @Test(arguments: Beginning.allCases)
        func `the table of ways is true`(beginning: Beginning) async throws {
            let gateway = try RunningGateway.shared
            let table = try WaysTable.read()
            for continuation in Continuation.allCases {
                let promise = try table.promise(beginning, continuation)
                guard promise != .nothingToCall else { continue }
                let upload = try await SharedUpload.begin(beginning, gateway)
                let pair = "\(beginning.rawValue), then \(continuation.rawValue)"
                switch promise {
                case .no(let code):
                    let verdict = try await upload.goOn(continuation)
                    #expect(!verdict.isGood, "\(pair): \(verdict)")
                    // A final upload that is to be completed is not short of a way, but of bytes.
                    if beginning != .tusFinal || continuation != .complete {
                        #expect(verdict.code == code, "\(pair): \(verdict)")
                    }
                    let isTusWay = continuation == .tus && code == "way_mismatch"
                    #expect(verdict.status == (isTusWay ? 403 : 409), "\(pair): \(verdict)")
                    try await expectUndisturbed(upload, beginning, pair)
                case .yesWithKey:
                    let foreign = try await upload.goOnByForeignSignature(continuation)
                    #expect(foreign.status == 403, "\(pair): \(foreign)")
                    var keyed = upload
                    keyed.signedPath = nil
                    try await expectGood(keyed, beginning, continuation, pair)
                case .yes: try await expectGood(upload, beginning, continuation, pair)
                case .byItself:
                    try await upload.fill(beginning)
                    try await upload.expectFile()
                    #expect(try await upload.goOn(.complete).status == 200, "\(pair), said once more")
                case .nothingToCall: break
                }
            }
        }

        private func expectGood(
            _ upload: SharedUpload, _ beginning: Beginning, _ continuation: Continuation, _ pair: String
        ) async throws {
            if continuation == .complete { try await upload.fill(beginning) }
            let verdict = try await upload.goOn(continuation)
            #expect(verdict.isGood, "\(pair): \(verdict)")
            switch continuation {
            case .status:
                let status = try await upload.gateway.status(upload.id)
                #expect(status["state"] == "receiving", "\(pair)")
                #expect(status["receivedBytes"].integer == upload.hereBytes, "\(pair)")
                try await expectUndisturbed(upload, beginning, pair)
            case .delete: try await upload.expectGone()
            case .parts:
                #expect(try await upload.goOn(.complete).isGood, "\(pair)")
                try await upload.expectFile()
            case .tus where beginning == .tusPartial:
                // A piece is whole, and never a file.
                #expect(try await upload.gateway.status(upload.id)["receivedBytes"] == 550_000, "\(pair)")
            default: try await upload.expectFile()
            }
        }

        /// It goes on in its own way.
        private func expectUndisturbed(_ upload: SharedUpload, _ beginning: Beginning, _ pair: String) async throws {
            switch beginning {
            case .tusPartial: #expect(try await upload.goOn(.tus).isGood, "\(pair)")
            case .tusFinal: #expect(try await upload.gateway.status(upload.id)["state"] == "receiving", "\(pair)")
            default:
                try await upload.fill(beginning)
                #expect(try await upload.goOn(.complete).isGood, "\(pair)")
                try await upload.expectFile()
            }
        }

        @Test func `tus, a look, Resumable Uploads, and an item`() async throws {
            let gateway = try RunningGateway.shared
            let client = try ResumableClient.keyed(9)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 600_000))
            let upload = try await gateway.createdTus(film: film.count)
            #expect(try await gateway.tusPatch(upload, at: 0, film[..<100_000]).status == 204)
            let status = try await gateway.status(upload.id)
            #expect(status["state"] == "receiving")
            #expect(status["receivedBytes"] == 100_000)
            #expect(status["size"].integer == film.count)
            #expect(status["parts"].entries.isEmpty)
            let url = "/uploads/\(upload.id)"
            #expect(try await client.state(url) == .init(100_000))
            let next = try await client.append(url, film[100_000..<250_000], at: 100_000, ends: false).final
            #expect(next.status == 204, "\(next.account)")
            #expect(try await gateway.tusOffset(upload) == 250_000)
            // What either has taken the other does not take again.
            #expect(try await gateway.tusPatch(upload, at: 100_000, film[100_000...]).status == 409)
            // In this protocol a file is complete when it is said to be.
            let rest = try await client.append(url, film[250_000...], at: 250_000, ends: false).final
            #expect(rest.status == 204, "\(rest.account)")
            #expect(try await gateway.status(upload.id)["state"] == "receiving")
            let completion = try await gateway.complete(upload.id)
            #expect(completion.status == 200, "\(completion.account)")
            #expect(try await gateway.tusBytes(upload) == film)
            let item = try await gateway.finalize("videos", ["fileId=\(upload.id)", "platforms=youtube"])
            #expect(item.status == 201, "\(item.account)")
        }

        /// HEAD of tus tells a full offset only of a file.
        @Test func `Resumable Uploads, and tus finds that all is here`() async throws {
            let gateway = try RunningGateway.shared
            let client = try ResumableClient.keyed(9)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 300_000))
            let url = try await client.created(["Content-Type: video/mp4", "Upload-Length: \(film.count)"])
            let all = try await client.append(url, film, at: 0, ends: false).final
            #expect(all.status == 204, "\(all.account)")
            let id = try #require(url.split(separator: "/").last)
            #expect(try await gateway.status(String(id))["state"] == "receiving")
            let standing = try await gateway.tus("HEAD", "/files/\(id)")
            #expect(standing["Upload-Offset"] == "\(film.count)", "\(standing.account)")
            #expect(try await gateway.status(String(id))["state"] == "complete")
            #expect(try await client.state(url) == .init(film.count, isEnd: true))
            #expect(try await gateway.file(of: url) == film)
        }

        @Test(arguments: [Beginning.tus, .tusGrant, .resumable, .resumableGrant, .resumablePut, .emptyParts])
        func `whoever deletes it deletes it for all`(beginning: Beginning) async throws {
            let gateway = try RunningGateway.shared
            for prefix in ["/files/", "/uploads/", "/api/v1/uploads/"] {
                let upload = try await SharedUpload.begin(beginning, gateway)
                let signed = upload.signedPath.flatMap { $0.hasPrefix(prefix) ? $0 : nil }
                let answer = try await gateway.tus(
                    "DELETE", signed ?? prefix + upload.id, key: signed == nil ? gateway.key : "")
                #expect(answer.status == 204, "\(prefix): \(answer.account)")
                try await upload.expectGone()
            }
        }

        /// The one that comes takes over, over whichever door.
        @Test func `one request at a time, over all doors`() async throws {
            let gateway = try RunningGateway.shared
            let client = try ResumableClient.keyed(9)
            let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 600_000))
            let upload = try await gateway.createdTus(film: film.count)
            var offset = 0
            var hanging: [Conversation] = []
            try await eventually("bytes came") {
                // Whoever asks before a byte was read ends a request that has brought nothing.
                let conversation = try gateway.conversation()
                hanging.append(conversation)
                try await conversation.send(
                    gateway.tusPatchHead(upload, at: 0, "Content-Length: \(film.count)"))
                try await conversation.send(film[..<100_000])
                offset = try await client.state("/uploads/\(upload.id)").offset
                return offset > 0
            }
            #expect(offset <= 100_000)
            let rest = try await client.append("/uploads/\(upload.id)", film[offset...], at: offset, ends: true)
            #expect(rest.final.status == 200, "\(rest.account)")
            #expect(try await gateway.tusBytes(upload) == film)
        }
    }
}
