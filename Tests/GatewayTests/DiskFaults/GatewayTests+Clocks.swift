import Foundation
import Testing

extension GatewayTests {
    /// A clock that somebody sets wrong, and right again.
    @Suite(.enabled(if: DiskProbe.isPossible, "the probe is a library that is preloaded: Linux with glibc"))
    struct Clocks {
        private static let day: Int64 = 86400

        @Test(arguments: [2 * day, 4000 * day, -2 * day, -4000 * day])
        func `a clock that steps away and back costs nothing`(seconds: Int64) async throws {
            let folder = try Scratch.newFolder("clock")
            let probe = try await DiskProbe(watching: folder)
            let gateway = try await RunningGateway.start(
                folder: folder,
                options: [
                    "--examine-media", "false", "--reaper-seconds", "1", "--sweep-seconds", "1",
                    "--file-lifetime-seconds", "\(Self.day)",
                ],
                environment: probe.environment(isRecording: false))
            let pieces = try Pieces(try Samples.shared.film(sizeBytes: 1 << 20), sizeBytes: 1 << 19)
            let upload = try await gateway.begun(pieces)
            try await gateway.putParts(upload.fileID, pieces, [1])
            let file = try await gateway.usedLink(try Samples.shared.mp4)
            let link = try await gateway.link("fileName=film.mp4")
            let item = try await gateway.finalize("videos", ["fileId=\(file.fileID)", "platforms=tiktok"])
            #expect(item.status == 201)

            try probe.turnClock(seconds: seconds)
            let early = try await gateway.put(link, pieces.paths[0], ["-H", "Expect:"])
            // Expired, or signed by a clock that ran ahead for all that can be known; neither uses it up.
            #expect(early.status == (seconds > 0 ? 410 : 403), "\(early.account)")
            // Whoever comes now is served by the clock as it is.
            let between = try await gateway.begun(pieces)
            try await gateway.putParts(between.fileID, pieces, [2])
            let fresh = try await gateway.link("fileName=film.mp4")
            #expect(try await gateway.put(fresh, pieces.paths[0]).status == 200)
            // What is too old is looked for every second, three times at least.
            let enough = Date().addingTimeInterval(3.5)
            try await eventually("time passes") {
                let ready = try await gateway.call("GET", "/readyz", key: nil)
                #expect(ready.status == 200, "\(ready.account)")
                return Date() > enough
            }
            #expect(try await gateway.partNumbers(upload.fileID) == [1])

            try probe.turnClock(seconds: 0)
            #expect(try await gateway.put(link, pieces.paths[0]).status == 200, "it is in time again")
            try await gateway.putParts(upload.fileID, pieces, [2])
            try await gateway.putParts(between.fileID, pieces, [1])
            for upload in [upload, between] {
                #expect(try await gateway.complete(upload.fileID).status == 200)
                #expect(try await gateway.bytes(upload.accessURL) == pieces.whole)
            }
            #expect(try await gateway.bytes(file.accessURL) == Scratch.bytes(Samples.shared.mp4))
            let again = try await gateway.finalize("videos", ["fileId=\(file.fileID)", "platforms=tiktok"])
            #expect(again.body == item.body)
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
            Scratch.remove([folder])
        }
    }
}
