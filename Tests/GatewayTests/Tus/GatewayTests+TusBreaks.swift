import Foundation
import Testing

extension GatewayTests {
    /// What becomes of uploads by tus whose connection breaks.
    @Suite(.gateway) struct TusBreaks {
        /// How a connection ends before the body does.
        private enum Break: CaseIterable {
            /// The client closes its side.
            case end
            /// It dies.
            case reset
            /// Nobody ever hears of it again: its connection stays open.
            case silence
        }

        @Test func `ten broken requests make one file`() async throws {
            let gateway = try RunningGateway.shared
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 24 << 20))
            let upload = try await gateway.createdTus(film: whole.count)
            let seed = RunSettings.seed
            var random = SeededRandom(seed: seed)
            var offset = 0
            // Of a request that died something may come after the next one asked; it is as good as then.
            var sent = 0
            var silent: [Conversation] = []
            for number in 0..<10 {
                let kind = Break.allCases[number % 3]
                let conversation = try gateway.conversation()
                let count = Int.random(in: 1...(2 << 20), using: &random)
                sent = max(sent, offset + count)
                try await conversation.send(
                    gateway.tusPatchHead(upload, at: offset, "Content-Length: \(whole.count - offset)"))
                try await conversation.send(whole[offset..<(offset + count)])
                var isRead = false
                switch kind {
                case .end:
                    try conversation.endSending()
                    // It had read all of it when it answers; unless another one was before it (409).
                    isRead = try await conversation.answers().first?.status == 400
                case .reset: try conversation.reset()
                case .silence: silent.append(conversation)
                }
                let before = offset
                offset = try await gateway.tusOffset(upload)
                #expect((before...sent).contains(offset), "seed \(seed): \(number) \(kind)")
                if isRead { #expect(offset == before + count, "seed \(seed): \(number)") }
            }
            #expect(offset > 0, "seed \(seed)")
            let last = try await gateway.tusPatch(upload, at: offset, whole[offset...])
            #expect(last.status == 204, "\(last.account)")
            #expect(try await gateway.tusBytes(upload) == whole, "seed \(seed)")
            // Whoever was overtaken is told so, or finds its connection ended.
            for conversation in silent {
                let answer = try? await conversation.answer()
                #expect(answer.map { [400, 409].contains($0.status) } ?? true)
            }
        }

        /// Locks of dead connections are what users of tus suffer from most (423): here nobody waits for them.
        @Test func `a new request takes over from one that hangs`() async throws {
            let gateway = try RunningGateway.shared
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 1 << 20))
            let upload = try await gateway.createdTus(film: whole.count)
            var offset = 0
            // Whoever asks before a byte was read ends a request that has brought nothing.
            for _ in 0..<50 where offset == 0 {
                let hanging = try gateway.conversation()
                try await hanging.send(gateway.tusPatchHead(upload, at: 0, "Content-Length: \(whole.count)"))
                try await hanging.send(whole[..<100_000])
                offset = try await gateway.tusOffset(upload)
                guard offset > 0 else { continue }
                let overtaken = try #require(try await hanging.answer())
                #expect(overtaken.status == 409, "\(overtaken.account)")
                // Or the one before it was late, and had its bytes counted.
                #expect(["superseded: ", "offset_mismatch: "].contains(where: overtaken.text.hasPrefix))
            }
            #expect((1...100_000).contains(offset))
            // A PATCH takes over too, without asking first.
            let second = try gateway.conversation()
            try await second.send(
                gateway.tusPatchHead(upload, at: offset, "Content-Length: \(whole.count - offset)"))
            let began = ContinuousClock.now
            let last = try await gateway.tusPatch(upload, at: offset, whole[offset...])
            #expect(last.status == 204, "\(last.account)")
            #expect(ContinuousClock.now - began < .seconds(10))
            #expect(try await second.answer()?.status == 409)
            #expect(try await gateway.tusBytes(upload) == whole)
        }

        @Test func `an upload is ended although somebody is sending`() async throws {
            let gateway = try RunningGateway.shared
            let upload = try await gateway.createdTus(["Upload-Length: 1000000"])
            let hanging = try gateway.conversation()
            try await hanging.send(gateway.tusPatchHead(upload, at: 0, "Content-Length: 1000000"))
            try await hanging.send(Data(repeating: 7, count: 10_000))
            #expect(try await gateway.tus("DELETE", upload.path).status == 204)
            #expect(try await gateway.tus("HEAD", upload.path).status == 410)
        }

        @Test func `what was acknowledged outlives a kill`() async throws {
            let gateway = try await RunningGateway.start()
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 3_000_000))
            let upload = try await gateway.createdTus(film: whole.count)
            #expect(try await gateway.tusPatch(upload, at: 0, whole[..<1_234_567]).status == 204)
            try await gateway.kill()
            let again = try await RunningGateway.start(folder: gateway.folder)
            let offset = try await again.tusOffset(upload)
            #expect(offset == 1_234_567)
            #expect(try await again.tusPatch(upload, at: offset, whole[offset...]).status == 204)
            #expect(try await again.tusBytes(upload) == whole)
            #expect(try await again.stop() == 0)
        }

        /// expiration.
        @Test func `an upload that nobody continues expires`() async throws {
            let gateway = try await RunningGateway.start(
                options: ["--upload-lifetime-seconds", "1", "--reaper-seconds", "1"])
            let upload = try await gateway.createdTus(["Upload-Length: 10"], body: Data("abc".utf8))
            try await eventually("it is gone") { try await gateway.tus("HEAD", upload.path).status == 410 }
            let late = try await gateway.tusPatch(upload, at: 3, Data("d".utf8))
            #expect(late.status == 410, "\(late.account)")
            #expect(try await gateway.stop() == 0)
        }
    }
}
