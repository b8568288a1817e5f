import Foundation
import Testing

extension GatewayTests {
    /// The concatenation extensions of tus.
    @Suite(.gateway) struct TusConcat {
        private func pieces(_ whole: Data, _ cuts: [Int]) async throws -> [TusUpload] {
            let gateway = try RunningGateway.shared
            var made: [TusUpload] = []
            for (start, end) in zip([0] + cuts, cuts + [whole.count]) {
                let piece = try await gateway.createdTus(["Upload-Length: \(end - start)", "Upload-Concat: partial"])
                if end > start {
                    #expect(try await gateway.tusPatch(piece, at: 0, whole[start..<end]).status == 204)
                }
                made.append(piece)
            }
            return made
        }

        private func joined(_ list: String, _ fields: [String] = []) async throws -> TusUpload {
            try await RunningGateway.shared.createdTus(["Upload-Concat: final;\(list)"] + fields)
        }

        private func awaitWhole(_ upload: TusUpload) async throws {
            let gateway = try RunningGateway.shared
            try await eventually("it is put together") {
                try await gateway.tus("HEAD", upload.path)["Upload-Offset"] != nil
            }
        }

        @Test func `pieces make a file`() async throws {
            let gateway = try RunningGateway.shared
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 5_000_000))
            let parts = try await pieces(whole, [1_000_000, 1_000_001, 4_000_000])
            let standing = try await gateway.tus("HEAD", parts[0].path)
            #expect(standing["Upload-Concat"] == "partial")
            #expect(standing["Upload-Offset"] == "1000000")
            // Relative and absolute, and of absolute ones only the path counts.
            let list = "\(parts[0].path) \(parts[1].url) \(parts[2].path) http://elsewhere.example\(parts[3].path)"
            let film = ["Upload-Metadata: \(RunningGateway.Tus.film)"]
            let upload = try await joined(list, film)
            try await awaitWhole(upload)
            let done = try await gateway.tus("HEAD", upload.path)
            #expect(done["Upload-Concat"] == "final;\(list)")
            #expect(done["Upload-Offset"] == "5000000")
            #expect(done["Upload-Length"] == "5000000")
            #expect(done["Upload-Metadata"] == RunningGateway.Tus.film)
            #expect(try await gateway.tusBytes(upload) == whole)
            // Pieces may be used again, in another order and more than once.
            let other = try await joined("\(parts[3].path) \(parts[3].path) \(parts[0].path)")
            #expect(other.id != upload.id)
            try await awaitWhole(other)
            #expect(
                try await gateway.tusBytes(other)
                    == whole[4_000_000...] + whole[4_000_000...] + whole[..<1_000_000])
        }

        /// concatenation-unfinished.
        @Test func `a file may be ordered before its pieces are whole`() async throws {
            let gateway = try RunningGateway.shared
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 900_000))
            let parts = try await pieces(whole[..<400_000], [])
            let second = try await gateway.createdTus(["Upload-Defer-Length: 1", "Upload-Concat: partial"])
            let upload = try await joined(
                "\(parts[0].path) \(second.path)", ["Upload-Metadata: \(RunningGateway.Tus.film)"])
            let waiting = try await gateway.tus("HEAD", upload.path)
            #expect(waiting.status == 200, "\(waiting.account)")
            #expect(waiting["Upload-Offset"] == nil)
            #expect(waiting["Upload-Expires"] != nil)
            #expect(
                try await gateway.tusPatch(second, at: 0, whole[400_000...], ["Upload-Length: 500000"]).status == 204)
            try await awaitWhole(upload)
            #expect(try await gateway.tusBytes(upload) == whole)
        }

        @Test func `a final upload takes no bytes`() async throws {
            let gateway = try RunningGateway.shared
            let piece = try await gateway.createdTus(["Upload-Length: 10", "Upload-Concat: partial"])
            let upload = try await joined(piece.path)
            let refused = try await gateway.tusPatch(upload, at: 0, Data("abc".utf8))
            #expect(refused.status == 403, "\(refused.account)")
            #expect(try await gateway.tusPatch(piece, at: 0, Data("0123456789".utf8)).status == 204)
            try await awaitWhole(upload)
            #expect(try await gateway.tusPatch(upload, at: 10, Data("abc".utf8)).status == 403)
        }

        @Test func `only pieces are joined`() async throws {
            let gateway = try RunningGateway.shared
            let plain = try await gateway.createdTus(["Upload-Length: 10"])
            let gone = try await gateway.createdTus(["Upload-Length: 10", "Upload-Concat: partial"])
            #expect(try await gateway.tus("DELETE", gone.path).status == 204)
            for (list, status) in [
                (plain.path, 400), (gone.path, 410), ("/files/AAAAAAAAAAAAAAAAAAAAAAAAAAA", 404), ("/files/short", 404),
                ("", 400), ("/other/\(plain.id)", 400),
            ] {
                let answer = try await gateway.tus("POST", "/files", ["Upload-Concat: final;\(list)"])
                #expect(answer.status == status, "\(list) \(answer.account)")
            }
        }

        @Test func `a piece that ends takes its file along`() async throws {
            let gateway = try RunningGateway.shared
            let piece = try await gateway.createdTus(["Upload-Length: 10", "Upload-Concat: partial"])
            let upload = try await joined(piece.path)
            #expect(try await gateway.tus("DELETE", piece.path).status == 204)
            try await eventually("its client learns the truth") {
                try await gateway.tus("HEAD", upload.path).status == 410
            }
        }

        /// The inodes of what a gateway has below a folder of its store.
        private func inodes(_ name: String, of gateway: RunningGateway) throws -> Set<Int> {
            let root = "\(gateway.folder)/\(name)"
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root).map { "\(root)/\($0)" }
            return Set(
                try paths.map { try FileManager.default.attributesOfItem(atPath: $0) }
                    .filter { $0[.type] as? FileAttributeType == .typeRegular }
                    .compactMap { $0[.systemFileNumber] as? Int })
        }

        /// Its bytes go to their places, across a kill too: what is published is the one file that was staged.
        @Test func `a file that is ordered before its pieces have bytes is not copied`() async throws {
            let whole = try Scratch.bytes(try Samples.shared.film(sizeBytes: 6_000_001))
            let ranges = [0..<2_000_003, 2_000_003..<2_000_004, 2_000_004..<6_000_001]
            let first = try await RunningGateway.start()
            var parts: [TusUpload] = []
            for range in ranges {
                parts.append(
                    try await first.createdTus(["Upload-Length: \(range.count)", "Upload-Concat: partial"]))
            }
            let upload = try await first.createdTus([
                "Upload-Concat: final;\(parts.map(\.path).joined(separator: " "))",
                "Upload-Metadata: \(RunningGateway.Tus.film)",
            ])
            let staged = try inodes("staged", of: first)
            #expect(staged.count == 1)
            #expect(try await first.tusPatch(parts[2], at: 0, whole[2_000_004..<3_000_000]).status == 204)
            let conversation = try first.conversation()
            try await conversation.send(first.tusPatchHead(parts[0], at: 0, "Content-Length: 2000003"))
            try await conversation.send(whole[..<1_500_000])
            #expect(try await first.tusPatch(parts[1], at: 0, whole[ranges[1]]).status == 204)
            try await first.kill()
            let second = try await RunningGateway.start(folder: first.folder)
            try await second.expectSound()
            #expect(try await second.tusOffset(parts[1]) == 1)
            for (part, range) in [(parts[2], ranges[2]), (parts[0], ranges[0])] {
                let offset = try await second.tusOffset(part)
                let rest = whole[(range.lowerBound + offset)..<range.upperBound]
                #expect(try await second.tusPatch(part, at: offset, rest).status == 204)
            }
            try await eventually("it is put together") {
                try await second.tus("HEAD", upload.path)["Upload-Offset"] == "6000001"
            }
            #expect(try inodes("files", of: second) == staged)
            #expect(try inodes("staged", of: second) == [])
            #expect(try await second.tusBytes(upload) == whole)
            try await second.expectSound()
            // They stand in it, and so go with it.
            #expect(try await second.tus("DELETE", upload.path).status == 204)
            #expect(try await second.tus("HEAD", parts[0].path).status == 410)
            #expect(try inodes("files", of: second) == [])
            #expect(try await second.stop() == 0)
        }
    }
}
