import Foundation
import Testing
import UploadStore

@testable import DiskStore

@Suite struct FolderSyncsTests {
    @Test func namesBesideThoseWhoseSyncFailedAreNotTakenForDurable() async throws {
        try await withTemporaryFolder { place in
            let folder = place.file("names")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let syncs = FolderSyncs()
            let early = syncs.note(folder)
            let other = syncs.note(folder + "-other")
            // A folder that is not there for a moment cannot be synced.
            try FileManager.default.moveItem(atPath: folder, toPath: folder + "-away")
            var undone = 0
            #expect(throws: StoreFault.self) { try syncs.sync(syncs.note(folder)) { undone += 1 } }
            try FileManager.default.moveItem(atPath: folder + "-away", toPath: folder)
            #expect(undone == 1)
            #expect(throws: StoreFault.self) { try syncs.sync(early) { undone += 1 } }
            #expect(undone == 2)
            let late = syncs.note(folder)
            try syncs.sync(late) { undone += 1 }
            try syncs.sync(late) { undone += 1 }
            #expect(undone == 2)
            try FileManager.default.createDirectory(atPath: folder + "-other", withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: folder + "-other") }
            try syncs.sync(other)
        }
    }
}
