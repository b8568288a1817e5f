import Foundation
import Testing

extension GatewayTests {
    /// File systems that are full, or fall ill. Mounting them takes root; elsewhere these tests are skipped.
    @Suite(
        .enabled("a small file system can be mounted: as root, with loop devices") {
            await SmallDisk.canBeMade(.ext4, .tmpfs)
        })
    struct SmallDisks {
        private static let options = ["--free-disk-reserve-bytes", "0", "--examine-media", "false"]

        @Test(arguments: SmallDisk.Kind.allCases)
        func `a disk that somebody else fills up`(kind: SmallDisk.Kind) async throws {
            try await SmallDisk.with(kind, mebibytes: 48) { disk in
                let gateway = try await RunningGateway.start(folder: "\(disk.folder)/data", options: Self.options)
                let pieces = try Pieces(try Samples.shared.film(sizeBytes: 4 << 20), sizeBytes: 1 << 20)
                let small = try await gateway.usedLink(try Samples.shared.mp4)
                // Without a size nothing is reserved.
                let upload = try await gateway.begun(["fileName": "film.mp4", "partSize": 1_048_576])
                try await gateway.putParts(upload.fileID, pieces, [2, 1])
                let link = try await gateway.link("fileName=film.mp4")
                let film = try Scratch.bytes(try Samples.shared.film(sizeBytes: 16 << 20))
                let transfer = try Curl.start(
                    ["-H", "Content-Type: video/mp4", "-H", "Expect:", "-T", "-", link.uploadURL], readsInput: true)
                try await transfer.send(film.prefix(8 << 10))
                try await disk.fill()
                // curl may stop reading when it is refused.
                _ = try? await transfer.send(film.dropFirst(8 << 10))
                transfer.endInput()
                let stream = try await transfer.answer()
                #expect(stream.status == 507, "\(stream.account)")
                for refused in [
                    try await gateway.putPart(upload.fileID, 3, pieces.paths[2]),
                    try await gateway.begin(["fileName": "film.mp4", "size": 4_194_304]),
                    try await gateway.postChunk(pieces.paths[0], 0, of: 2, id: "full"),
                ] {
                    #expect(refused.status == 507, "\(refused.account)")
                    #expect(refused["Retry-After"] != nil)
                }
                try await gateway.expectReady(507)
                #expect(try await gateway.call("GET", "/healthz", key: nil).status == 200)
                #expect(try await gateway.partNumbers(upload.fileID) == [1, 2], "what was acknowledged stays")
                #expect(try await gateway.bytes(small.accessURL) == Scratch.bytes(Samples.shared.mp4))
                #expect(try await gateway.bytes(link.accessURL) == nil)

                disk.empty()
                try await gateway.expectReady(200)
                try await gateway.putParts(upload.fileID, pieces, [4, 3])
                #expect(try await gateway.complete(upload.fileID).status == 200)
                #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
                #expect(try await gateway.postChunk(pieces.paths[0], 0, of: 2, id: "full").status == 200)
                _ = try await gateway.usedLink(try Samples.shared.mp4)
                #expect(try await gateway.stop() == 0)
                try await gateway.expectSound()
            }
        }

        @Test func `an upload whose room is reserved goes on`() async throws {
            try await SmallDisk.with(.ext4, mebibytes: 48) { disk in
                let gateway = try await RunningGateway.start(folder: "\(disk.folder)/data", options: Self.options)
                let pieces = try Pieces(try Samples.shared.film(sizeBytes: 4 << 20), sizeBytes: 1 << 20)
                let upload = try await gateway.begun(pieces)
                try await gateway.putParts(upload.fileID, pieces, [1])
                try await disk.fill()
                // The record of a part may still find no room.
                for number in 2...4 {
                    let answer = try await gateway.putPart(upload.fileID, number, pieces.paths[number - 1])
                    #expect([204, 507].contains(answer.status), "\(answer.account)")
                }
                let here = try await gateway.partNumbers(upload.fileID)
                #expect(here.contains(1))
                disk.empty()
                try await gateway.putParts(upload.fileID, pieces, (1...4).filter { !here.contains($0) })
                #expect(try await gateway.complete(upload.fileID).status == 200)
                #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
                #expect(try await gateway.stop() == 0)
                try await gateway.expectSound()
            }
        }

        /// As after an error of the device: the kernel lets nobody write any more.
        @Test func `a disk that becomes read-only`() async throws {
            try await SmallDisk.with(.ext4, mebibytes: 48) { disk in
                let folder = "\(disk.folder)/data"
                let first = try await RunningGateway.start(folder: folder, options: Self.options)
                let pieces = try Pieces(try Samples.shared.film(sizeBytes: 4 << 20), sizeBytes: 1 << 20)
                let done = try await first.usedLink(try Samples.shared.mp4)
                let upload = try await first.begun(pieces)
                try await first.putParts(upload.fileID, pieces, [3, 1])
                try await disk.fallIll()
                for refused in [
                    try await first.putPart(upload.fileID, 2, pieces.paths[1]),
                    try await first.begin(["fileName": "film.mp4", "size": 4_194_304]),
                    try await first.get("/api/media/uploadUrl?fileName=a.mp4"),
                ] {
                    #expect(refused.status == 503, "\(refused.account)")
                    #expect(refused["Retry-After"] != nil)
                }
                try await first.expectReady(503)
                #expect(try await first.call("GET", "/healthz", key: nil).status == 200)
                #expect(try await first.bytes(done.accessURL) == Scratch.bytes(Samples.shared.mp4), "it still reads")
                #expect(try await first.partNumbers(upload.fileID) == [1, 3])
                #expect(first.process.isRunning)
                try await first.kill()

                try await disk.heal()
                let second = try await RunningGateway.start(folder: folder, options: Self.options)
                try await second.expectSound()
                #expect(try await second.partNumbers(upload.fileID) == [1, 3])
                try await second.putParts(upload.fileID, pieces, [2, 4])
                let whole = try await second.complete(upload.fileID)
                #expect(whole.status == 200, "\(whole.account)")
                #expect(try await second.bytes(try #require(try whole.json["accessUrl"].string)) == pieces.whole)
                #expect(try await second.stop() == 0)
                try await second.expectSound()
            }
        }
    }
}

extension RunningGateway {
    /// `readyz` looks once a second; then it tells the truth.
    func expectReady(_ status: Int, _ location: SourceLocation = #_sourceLocation) async throws {
        var last = 0
        try? await eventually("readyz", seconds: 15) {
            last = try await call("GET", "/readyz", key: nil).status
            return last == status
        }
        #expect(last == status, "readyz", sourceLocation: location)
    }
}
