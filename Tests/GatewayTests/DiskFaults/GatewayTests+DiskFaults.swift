import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension GatewayTests {
    /// A disk that answers with errors: each is told, nothing that was acknowledged is lost, and all goes on afterwards.
    @Suite(.enabled(if: DiskProbe.isPossible, "the probe is a library that is preloaded: Linux with glibc"))
    struct DiskFaults {
        struct Fault: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let call: DiskProbe.Call
            let error: CInt
            /// Part of the paths that it strikes.
            var filter = ""
            let status: Int

            static let all = [
                Fault(testDescription: "no sync", call: .sync, error: EIO, status: 503),
                Fault(testDescription: "no sync of files", call: .sync, error: EIO, filter: "ed/", status: 503),
                Fault(
                    testDescription: "no sync of the catalog", call: .sync, error: EIO, filter: "sqlite", status: 503),
                Fault(testDescription: "no write", call: .write, error: EIO, status: 503),
                Fault(testDescription: "no write of files", call: .write, error: EIO, filter: "/staged", status: 503),
                Fault(
                    testDescription: "no write of the catalog", call: .write, error: EIO, filter: "sqlite", status: 503),
                Fault(testDescription: "no room", call: .write, error: ENOSPC, status: 507),
                Fault(testDescription: "no room of ours", call: .write, error: EDQUOT, filter: "/staged", status: 507),
                Fault(
                    testDescription: "no room for the catalog", call: .write, error: ENOSPC, filter: "sqlite",
                    status: 507),
                Fault(testDescription: "no change", call: .change, error: EROFS, filter: "/s", status: 503),
            ]
        }

        private static let options = ["--examine-media", "false"]

        @Test(arguments: Fault.all)
        func `a fault is told and passes`(fault: Fault) async throws {
            let folder = try Scratch.newFolder("faulty")
            let probe = try await DiskProbe(watching: folder)
            let gateway = try await RunningGateway.start(
                folder: folder, options: Self.options, environment: probe.environment(isRecording: false))
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 1 << 20), sizeBytes: 300_000)
            let upload = try await gateway.begun(pieces)
            let link = try await gateway.link("fileName=film.mp4")
            let late = try await gateway.begun(pieces)
            try await gateway.putParts(late.fileID, pieces, 1...4)
            try await gateway.putParts(upload.fileID, pieces, [3, 1])
            try probe.fail(fault.call, fault.error, at: fault.filter)
            for (what, answer) in [
                ("part", try await gateway.putPart(upload.fileID, 2, pieces.paths[1])),
                ("again", try await gateway.putPart(upload.fileID, 1, pieces.paths[0])),
                ("begin", try await gateway.begin(["fileName": "film.mp4", "size": 1000])),
                ("link", try await gateway.put(link, pieces.paths[0])),
                ("complete", try await gateway.complete(late.fileID)),
            ] {
                // What needs nothing of that kind is served.
                #expect(answer.status == fault.status || answer.status < 300, "\(what): \(answer.account)")
                if answer.status >= 300 { #expect(answer["Retry-After"] != nil, "\(what)") }
                if what == "part", fault.call != .change { #expect(answer.status == fault.status, "\(answer.account)") }
            }
            #expect(try probe.failedCount(fault.call) > 0)
            if fault.filter.isEmpty || fault.filter == "sqlite" { try await gateway.expectReady(fault.status) }
            #expect(try await gateway.call("GET", "/healthz", key: nil).status == 200)
            let here = try await gateway.partNumbers(upload.fileID)
            #expect(here.starts(with: [1]) && here.contains(3), "what was acknowledged stays: \(here)")

            try probe.heal()
            try await gateway.expectReady(200)
            for upload in [upload, late] {
                if upload.fileID != late.fileID { try await gateway.putParts(upload.fileID, pieces, [4, 2, 1]) }
                let done = try await gateway.complete(upload.fileID)
                #expect(done.status == 200, "\(done.account)")
                #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
            }
            _ = try await gateway.usedLink(pieces.paths[0])
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
            Scratch.remove([folder])
        }

        @Test func `writes that are cut short are gone on with`() async throws {
            let folder = try Scratch.newFolder("short")
            let probe = try await DiskProbe(watching: folder)
            let gateway = try await RunningGateway.start(
                folder: folder, options: Self.options, environment: probe.environment(isRecording: false))
            try probe.fail(.shortWrite, 0, oneIn: 2, seed: 7)
            let film = try Samples.shared.film(sizeBytes: 3_000_001)
            let pieces = try Pieces(film, sizeBytes: 1 << 18)
            let upload = try await gateway.begun(pieces)
            try await gateway.putParts(upload.fileID, pieces, (1...pieces.paths.count).reversed())
            #expect(try await gateway.complete(upload.fileID).status == 200)
            let link = try await gateway.usedLink(film)
            #expect(try probe.failedCount(.shortWrite) > 10)
            for url in [upload.accessURL, link.accessURL] {
                #expect(try await gateway.bytes(url) == pieces.whole)
            }
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
            Scratch.remove([folder])
        }

        /// The kernel tells of lost pages once: what a failed sync was to save is written again before it counts.
        @Test(arguments: ["/staged/", "/files/"])
        func `a sync that fails once is not repeated as if nothing had been`(place: String) async throws {
            let folder = try Scratch.newFolder("sync")
            let probe = try await DiskProbe(watching: folder)
            let gateway = try await RunningGateway.start(
                folder: folder, options: Self.options, environment: probe.environment())
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 1 << 20), sizeBytes: 1 << 18)
            let upload = try await gateway.begun(pieces)
            if place == "/staged/" { try probe.fail(.sync, EIO, times: 1, at: place) }
            let part = try await gateway.putPart(upload.fileID, 1, pieces.paths[0])
            try await gateway.putParts(upload.fileID, pieces, 1...4)
            if place == "/files/" { try probe.fail(.sync, EIO, times: 1, at: place) }
            let tries = [try await gateway.complete(upload.fileID), try await gateway.complete(upload.fileID)]
            #expect((place == "/staged/" ? part : tries[0]).status == 503)
            #expect(tries[1].status == 200, "\(tries[1].account)")
            try await gateway.kill()
            let log = try DiskLog(probe.log)
            #expect(log.records.count { $0.kind == .syncFailed } == 1)
            let left = try Scratch.newFolder("left")
            var disk = try LostDisk(log, cutAt: log.bytes.count, keeping: .nothing, seed: 1)
            try disk.write(to: left)
            let next = try await RunningGateway.start(folder: left, options: Self.options)
            #expect(try await next.bytes(next.base + upload.accessURL.dropFirst(gateway.base.count)) == pieces.whole)
            #expect(try await next.stop() == 0)
            try await next.expectSound()
            Scratch.remove([folder, left, probe.log])
        }
    }
}
