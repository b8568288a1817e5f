import Testing
import UploadModel
import UploadProtocols

@Suite struct DigestFieldTests {
    // Of the six bytes `hello\n`.
    static let sha256 = "sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:"

    @Test(arguments: DigestAlgorithm.allCases.filter { $0 != .crc32 })
    func readsWhatItWrites(algorithm: DigestAlgorithm) throws {
        let bytes = (0..<algorithm.byteCount).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
        let digest = try #require(Digest(algorithm, bytes: bytes))
        let text = DigestField.serialize([digest])
        #expect(text.hasPrefix("\(algorithm.rawValue)=:") && text.hasSuffix(":"))
        #expect(try DigestField.parse(text) == [algorithm: digest])
    }

    @Test func knowsBase64() throws {
        let digests = try DigestField.parse("crc32c=:yZRlqg==:")
        #expect(digests[.crc32c]?.hex == "c99465aa")
        #expect(DigestField.serialize([Digest(CRC32C(0xC994_65AA))]) == "crc32c=:yZRlqg==:")
        let expected = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        #expect(try DigestField.parse(Self.sha256)[.sha256]?.hex == expected)
    }

    static let accepted: [(value: String, algorithms: Set<DigestAlgorithm>)] = [
        ("", []),
        ("  crc32c=:yZRlqg==:  ", [.crc32c]),
        ("crc32c=:yZRlqg:", [.crc32c]),
        ("crc32c=:yZRlqg==:;a=1", [.crc32c]),
        ("crc32c=:yZRlqg==:, \(sha256)", [.crc32c, .sha256]),
        ("unixsum=30637, adler=:AAAA:, new=?1, crc32c=:yZRlqg==:", [.crc32c]),
        ("sha-3=:AAAA:", []),
        // No name of the registry, although other dialects know it.
        ("crc32=:yZRlqg==:, crc32=7", []),
        // The last of two wins (RFC 9651 section 3.2).
        ("crc32c=1, crc32c=:yZRlqg==:", [.crc32c]),
    ]

    @Test(arguments: accepted.indices)
    func accepts(index: Int) throws {
        let (value, algorithms) = Self.accepted[index]
        #expect(Set(try DigestField.parse(value).keys) == algorithms)
    }

    @Test(arguments: [
        ("crc32c", DigestFieldFault.notBytes(.crc32c)), ("crc32c=5", .notBytes(.crc32c)),
        ("crc32c=\"yZRlqg==\"", .notBytes(.crc32c)), ("crc32c=(:yZRlqg==:)", .notBytes(.crc32c)),
        ("crc32c=:yZRlq:", .notBytes(.crc32c)), ("crc32c=:yZRlqg=:", .notBytes(.crc32c)),
        ("crc32c=:yZ=Rlqg=:", .notBytes(.crc32c)), ("crc32c=::", .wrongLength(.crc32c)),
        ("crc32c=:yZRl:", .wrongLength(.crc32c)), ("sha-256=:yZRlqg==:", .wrongLength(.sha256)),
        ("crc32c=:yZRlqg==", .malformed), ("crc32c=:yZ Rlqg==:", .malformed), ("crc32c=yZRlqg==", .malformed),
        ("crc32c=:yZRlqg==:,", .malformed), ("Crc32c=:yZRlqg==:", .malformed), ("ü", .malformed),
    ])
    func refuses(value: String, fault: DigestFieldFault) {
        #expect(throws: fault) { try DigestField.parse(value) }
        #expect(!fault.detail.isEmpty)
    }

    @Test func writesInAStableOrder() throws {
        let digests = try DigestField.parse("\(Self.sha256), crc32c=:yZRlqg==:")
        #expect(DigestField.serialize(digests.values) == "crc32c=:yZRlqg==:, \(Self.sha256)")
        #expect(DigestField.serialize([]) == "")
        let other = try #require(Digest(.crc32, bytes: [1, 2, 3, 4]))
        #expect(DigestField.serialize([other]) == "")
    }

    @Test(arguments: [
        ("sha-256=10, crc32c=1", [DigestAlgorithm.sha256, .crc32c]), ("sha-256=0, md5=3", [.md5]),
        ("sha-256", []), ("sha-256=11", []), ("sha-256=-1", []), ("sha-256=1.5", []), ("sha-9=5, sha-512=2", [.sha512]),
        ("sha-256=", []), ("", []), ("crc32=5", []),
    ])
    func readsWishes(value: String, algorithms: [DigestAlgorithm]) {
        #expect(DigestField.wanted(value) == Set(algorithms))
    }
}
