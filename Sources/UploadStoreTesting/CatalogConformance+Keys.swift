import UploadModel
import UploadStore

extension CatalogConformance {
    static let keys: [Check] = [
        Check("an API key is found by its hash and listed, oldest first", apiKeys),
        Check("neither an API key's id nor its hash is used twice", apiKeyTwice),
        Check("an API key is revoked once", revokes),
        Check("of 100 that revoke an API key at once one does", revokeRace),
        Check("of 100 that need a signing key at once one adds it", grantKeyRace),
        Check("a new signing key retires those before it", rotates),
    ]

    private static func apiKey(_ hash: String, at seconds: Int64 = 0) throws -> APIKeyRecord {
        APIKeyRecord(
            id: .random(), tenant: try Sample.tenant(), name: "Büro", hashHex: hash,
            createdAt: Sample.start.adding(seconds: seconds))
    }

    private static func grantKey(_ byte: UInt8, at seconds: Int64 = 0) -> GrantKeyRecord {
        GrantKeyRecord(
            id: .random(), secret: Array(repeating: byte, count: 32), createdAt: Sample.start.adding(seconds: seconds))
    }

    private static func apiKeys(_ open: Open) async throws {
        let catalog = try await open()
        try requireEqual(await catalog.apiKeys(), [])
        try requireEqual(await catalog.apiKey(hashHex: "aa"), nil)
        let keys = [try apiKey("aa", at: 20), try apiKey("bb", at: 10), try apiKey("cc", at: 20)]
        for key in keys { try await catalog.add(key) }
        try requireEqual(await catalog.apiKeys(), [keys[1], keys[0], keys[2]])
        for key in keys { try requireEqual(await catalog.apiKey(hashHex: key.hashHex), key) }
        try requireEqual(await catalog.apiKey(hashHex: "AA"), nil)
        try requireEqual(await catalog.apiKey(hashHex: "dd"), nil)
    }

    private static func apiKeyTwice(_ open: Open) async throws {
        let catalog = try await open()
        let key = try apiKey("aa")
        try await catalog.add(key)
        var sameID = try apiKey("bb")
        sameID.id = key.id
        let copy = sameID
        try await requireFault("a second key of the same id") { try await catalog.add(copy) }
        let sameHash = try apiKey("aa")
        try await requireFault("a second key of the same hash") { try await catalog.add(sameHash) }
        try requireEqual(await catalog.apiKeys(), [key])
    }

    private static func revokes(_ open: Open) async throws {
        let catalog = try await open()
        let (key, other) = (try apiKey("aa"), try apiKey("bb"))
        try await catalog.add(key)
        try await catalog.add(other)
        let moment = Sample.start.adding(seconds: 5)
        let (node, before) = (try await open(), try await settledKeyChanges(of: catalog))
        try requireEqual(await settledKeyChanges(of: node), before)
        try requireEqual(await catalog.revoke(key.id, now: moment), true)
        try requireEqual(catalog.keyChangeCount == before, false, "the count as it was")
        let after = try await settledKeyChanges(of: catalog)
        try requireEqual(await settledKeyChanges(of: node), after, "the count that another node sees")
        try requireEqual(await catalog.revoke(key.id, now: moment.adding(seconds: 5)), false)
        try requireEqual(await catalog.revoke(.random(), now: moment), false)
        var expected = key
        expected.revokedAt = moment
        try requireEqual(await catalog.apiKey(hashHex: "aa"), expected)
        try requireEqual(await catalog.apiKeys(), [expected, other])
    }

    /// The count once it stays, as ``KeyCatalog/keyChangeCount`` promises.
    private static func settledKeyChanges(of catalog: any Catalog) async throws -> Int64 {
        for _ in 0..<1000 {
            let count = catalog.keyChangeCount
            if catalog.keyChangeCount == count { return count }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw ConformanceFailure("the count of key changes never stays")
    }

    private static func revokeRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let key = try apiKey("aa")
        try await nodes[0].add(key)
        let revoked = try await concurrently(100) { number in
            try await nodes[number % 2].revoke(key.id, now: Sample.start.adding(seconds: Int64(number)))
        }
        try requireEqual(revoked.count { $0 }, 1, "revocations")
        let winner = try unwrap(revoked.firstIndex(of: true))
        try requireEqual(
            try await nodes[0].apiKey(hashHex: "aa")?.revokedAt, Sample.start.adding(seconds: Int64(winner)))
    }

    private static func grantKeyRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let candidates = (0..<100).map { grantKey(UInt8($0)) }
        let answers = try await concurrently(100) { try await nodes[$0 % 2].grantKeys(orAdd: candidates[$0]) }
        let first = try unwrap(answers.first)
        try requireEqual(first.count, 1, "signing keys")
        try require(candidates.contains(first[0]), "the key is one that somebody brought")
        for answer in answers { try requireEqual(answer, first) }
    }

    private static func rotates(_ open: Open) async throws {
        let catalog = try await open()
        let keys = [grantKey(1), grantKey(2, at: 10), grantKey(3, at: 20)]
        try requireEqual(await catalog.grantKeys(orAdd: keys[0]), [keys[0]])
        for key in keys[1...] {
            let before = catalog.keyChangeCount
            try await catalog.rotate(to: key, revokingOthers: false)
            try require(catalog.keyChangeCount != before, "whoever remembers the keys is told")
        }
        var (first, second) = (keys[0], keys[1])
        first.retiredAt = second.createdAt
        second.retiredAt = keys[2].createdAt
        try requireEqual(await catalog.grantKeys(orAdd: grantKey(9, at: 30)), [keys[2], second, first])
        let again = keys[2]
        try await requireFault("a signing key of the same id") {
            try await catalog.rotate(to: again, revokingOthers: false)
        }
        try requireEqual(await catalog.grantKeys(orAdd: grantKey(9, at: 30)), [keys[2], second, first])
        let last = grantKey(4, at: 40)
        try await catalog.rotate(to: last, revokingOthers: true)
        try requireEqual(await catalog.grantKeys(orAdd: grantKey(9, at: 50)), [last])
    }
}
