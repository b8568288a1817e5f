import Foundation
import Testing

extension GatewayTests {
    /// A catalog that somebody holds, or has overwritten.
    @Suite struct CatalogFaults {
        private static let options = ["--examine-media", "false"]

        @Test func `a catalog that somebody else holds is waited for, and no longer than that`() async throws {
            let gateway = try await RunningGateway.start(options: Self.options + ["--catalog-busy-seconds", "1"])
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 1 << 20), sizeBytes: 1 << 19)
            let upload = try await gateway.begun(pieces)
            let link = try await gateway.link("fileName=film.mp4")
            try await gateway.putParts(upload.fileID, pieces, [1])
            let holder = try await CatalogHolder.start("\(gateway.folder)/catalog.sqlite")
            // Those that come together wait together.
            async let part = gateway.putPart(upload.fileID, 2, pieces.paths[1])
            async let begun = gateway.begin(["fileName": "film.mp4", "size": 1000])
            async let put = gateway.put(link, pieces.paths[0])
            #expect(try await gateway.partNumbers(upload.fileID) == [1], "reading goes on")
            for (what, answer) in [("part", try await part), ("begin", try await begun), ("link", try await put)] {
                #expect(answer.status == 503, "\(what): \(answer.account)")
                #expect(answer["Retry-After"] != nil, "\(what)")
            }
            // What it found a moment ago it says again for a while.
            try await gateway.expectReady(503)
            #expect(try await gateway.call("GET", "/healthz", key: nil).status == 200)
            try await holder.letGo()
            try await gateway.expectReady(200)
            #expect(try await gateway.put(link, pieces.paths[0]).status == 200, "the link was not used")
            try await gateway.putParts(upload.fileID, pieces, [2])
            #expect(try await gateway.complete(upload.fileID).status == 200)
            #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
            Scratch.remove([gateway.folder])
        }

        @Test(arguments: [0, 4096]) func `a catalog that was overwritten is refused at the start`(place: Int)
            async throws
        {
            let gateway = try await RunningGateway.start(options: Self.options)
            _ = try await gateway.usedLink(try Samples.shared.mp4)
            #expect(try await gateway.stop() == 0)
            let catalog = "\(gateway.folder)/catalog.sqlite"
            try overwrite(catalog, from: place)
            let port = try RunningGateway.freePort()
            let start = try await RunningGateway.command(
                ["serve", "--port", "\(port)", "--data-dir", gateway.folder])
            #expect(start.exitCode > 0, "\(start.output) \(start.errors)")
            #expect(start.errors.contains("catalog.sqlite cannot be opened"), "\(start.errors)")
            let check = try await gateway.command("check")
            #expect(check.exitCode > 0)
            #expect(FileManager.default.fileExists(atPath: catalog), "it is left to be repaired")
            Scratch.remove([gateway.folder])
        }

        @Test func `a catalog that is overwritten meanwhile is told of`() async throws {
            let gateway = try await RunningGateway.start(options: Self.options)
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 1 << 20), sizeBytes: 1 << 19)
            let upload = try await gateway.begun(pieces)
            // The log comes home, so that the file itself is read.
            #expect(try await gateway.command("check").exitCode == 0)
            for name in ["catalog.sqlite", "catalog.sqlite-wal"] {
                try overwrite("\(gateway.folder)/\(name)", from: name.hasSuffix("wal") ? 32 : 0)
            }
            for (what, answer) in [
                ("part", try await gateway.putPart(upload.fileID, 1, pieces.paths[0])),
                ("begin", try await gateway.begin(["fileName": "film.mp4", "size": 1000])),
                ("list", try await gateway.get("/api/media")), ("status", try await gateway.get("/api/v1/uploads")),
            ] {
                #expect(answer.status == 503, "\(what): \(answer.account)")
            }
            try await gateway.expectReady(503)
            #expect(try await gateway.call("GET", "/healthz", key: nil).status == 200)
            #expect(gateway.process.isRunning)
            try await gateway.kill()
            Scratch.remove([gateway.folder])
        }

        /// The beginning alone, and nothing of it is asked for again: only a look at the file itself tells.
        @Test func `readyz knows of a catalog that is overwritten under what is remembered of it`() async throws {
            let gateway = try await RunningGateway.start(options: Self.options)
            try await gateway.expectReady(200)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(gateway.folder)/catalog.sqlite"))
            let before = try #require(try file.read(upToCount: 100))
            try file.seek(toOffset: 0)
            try file.write(contentsOf: Data(repeating: 0x55, count: before.count))
            try await gateway.expectReady(503)
            try file.seek(toOffset: 0)
            try file.write(contentsOf: before)
            try file.close()
            try await gateway.expectReady(200)
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
            Scratch.remove([gateway.folder])
        }

        @Test func `nothing is acknowledged for a catalog that is removed or replaced`() async throws {
            let gateway = try await RunningGateway.start(options: Self.options)
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 1 << 20), sizeBytes: 1 << 19)
            let upload = try await gateway.begun(pieces)
            let link = try await gateway.link("fileName=film.mp4")
            let (catalog, aside) = ("\(gateway.folder)/catalog.sqlite", "\(gateway.folder)/aside")
            let files = FileManager.default
            try files.moveItem(atPath: catalog, toPath: aside)
            for isReplaced in [false, true] {
                if isReplaced { try files.copyItem(atPath: aside, toPath: catalog) }
                for (what, answer) in [
                    ("part", try await gateway.putPart(upload.fileID, 1, pieces.paths[0])),
                    ("begin", try await gateway.begin(["fileName": .text("\(GatewayLog.marker).mp4"), "size": 1000])),
                    ("link", try await gateway.put(link, pieces.paths[0])),
                ] {
                    #expect(answer.status == 503, "\(what): \(answer.account)")
                }
                try await gateway.expectReady(503)
            }
            #expect(try await gateway.call("GET", "/healthz", key: nil).status == 200)
            try files.removeItem(atPath: catalog)
            try files.moveItem(atPath: aside, toPath: catalog)
            try await gateway.expectReady(200)
            try await gateway.putParts(upload.fileID, pieces, [1, 2])
            #expect(try await gateway.complete(upload.fileID).status == 200)
            #expect(try await gateway.put(link, pieces.paths[0]).status == 200, "the link was not used")
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
            let log = try await gateway.log.whole()
            #expect(!GatewayLog.faults(in: log).isEmpty, "somebody must be told")
            #expect(GatewayLog.leaks(in: log, key: gateway.key) == [])
            Scratch.remove([gateway.folder])
        }

        private func overwrite(_ path: String, from place: Int) throws {
            let size = try Scratch.sizeBytes(path)
            guard size > place else { return }
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.seek(toOffset: UInt64(place))
            var random = SeededRandom(seed: 1)
            try file.write(contentsOf: Data((place..<size).map { _ in UInt8.random(in: 0...255, using: &random) }))
            try file.close()
        }
    }
}
