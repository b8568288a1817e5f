import UploadModel
import UploadStore

extension CatalogConformance {
    static let quotaRaces: [Check] = [
        Check("of many that begin at once exactly those are let in that fit", quotaRace),
        Check("of many parts that are recorded at once exactly those are that fit", quotaRaceOfParts),
    ]

    private static func quotaRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let links = try await concurrently(20) { _ in
            let link = try Sample.upload(.granted, sized: 10)
            try await nodes[0].add(link)
            return link
        }
        // Each wants 10 bytes: new uploads, links, and streams that hold nothing yet.
        let streams = try await concurrently(20) { _ in try await nodes[1].add(.receiving) }
        let isIn = try await concurrently(60) { number in
            let node = nodes[number % 2]
            switch number / 20 {
            case 0: return try await node.create(try Sample.upload(sized: 10), within: within(stored: 79)) == .created
            case 1:
                let outcome = try await node.claim(
                    links[number % 20].fileID, now: Sample.start, expiresAt: Sample.start, within: within(stored: 79))
                if case .claimed = outcome { return true } else { return false }
            default:
                return try await node.reserve(
                    streams[number % 20].fileID, atLeast: 10, wanting: 10,
                    within: TenantQuota(maximumStoredBytes: 79)) == .reserved(10)
            }
        }
        try requireEqual(isIn.count { $0 }, 7, "those that were let in")
        try await nodes[0].requireHeld(70, 70)
    }

    private static func quotaRaceOfParts(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let uploads = try await concurrently(5) { _ in try await nodes[0].add(.receiving) }
        let isRecorded = try await concurrently(40) { number in
            let outcome = try await nodes[number % 2].record(
                Sample.part(1 + number / 5, bytes: 10), of: uploads[number % 5],
                within: TenantQuota(maximumOpenBytes: 139))
            if case .recorded = outcome { return true } else { return false }
        }
        try requireEqual(isRecorded.count { $0 }, 13, "parts that were recorded")
        try await nodes[1].requireHeld(130, 130)
    }
}
