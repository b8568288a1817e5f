import Testing
import UploadModel

@testable import UploadGrants

@Suite struct KeyRingTests {
    private static let target = "/u/abc?name=clip.mov&exp=1707818400"

    private static func record(
        _ id: String, secret: [UInt8] = Array(0..<32), createdAt: Int64 = 0, retired: Bool = false
    ) throws -> GrantKeyRecord {
        GrantKeyRecord(
            id: try #require(GrantKeyID(id)), secret: secret, createdAt: Timestamp(milliseconds: createdAt),
            retiredAt: retired ? Timestamp(milliseconds: createdAt + 1) : nil)
    }

    private static func ring(_ records: GrantKeyRecord...) throws -> KeyRing { try #require(KeyRing(records)) }

    /// Whether the ring takes a target; a fault that is none of the signature's ends the test.
    private static func fault(_ ring: KeyRing, _ signed: String, method: String = "PUT") -> SignatureFault? {
        do throws(SignatureFault) {
            _ = try ring.verify(method: method, signedTarget: signed)
            return nil
        } catch {
            return error
        }
    }

    /// HMAC-SHA-256 with the key 00…1f over `PUT`, a line feed and the target with its key id, in base64url.
    @Test(arguments: [
        ("PUT", "wME5Y5Z7Vrd74xr-cdjy5aSZ76AvB1t8D1vBo8ufd9Y"),
        ("GET", "1RmjchqymDhWC94kjHZ4Uw_7K-Qxqgn94zZGkl-pnxA"),
    ])
    func `the form of a signed target`(method: String, signature: String) throws {
        let ring = try Self.ring(Self.record("key-0001"))
        let signed = ring.sign(method: method, target: Self.target)
        #expect(signed == Self.target + "&kid=key-0001&sig=" + signature)
        #expect(try ring.verify(method: method, signedTarget: signed) == Self.target + "&kid=key-0001")
    }

    @Test(arguments: [
        "/", "/u?x", "/u?a=%2F%2f", "/u?kid=aaaaaaaa&sig=b", "/u?name=\u{E9}\u{1F600}", "/u?sig=&kid=", " ",
        String(repeating: "/long", count: 5000),
    ])
    func `whatever was signed is taken`(target: String) throws {
        let ring = try Self.ring(Self.record("key-0001"))
        let signed = ring.sign(method: "PUT", target: target)
        #expect(try ring.verify(method: "PUT", signedTarget: signed) == target + "&kid=key-0001")
    }

    // MARK: Changes

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Every byte, replaced by others, left out, doubled, swapped with the next; others put in before it.
    @Test func `every change of one character is refused`() throws {
        let ring = try Self.ring(Self.record("key-0001"), Self.record("key-0002", secret: [1, 2, 3]))
        let signed = Array(ring.sign(method: "PUT", target: Self.target).utf8)
        let strangers = Array("AaZz09-_=&?/%+. \0\n\u{7F}~".utf8)
        var tried = 0
        func refuse(_ bytes: [UInt8], _ what: String) {
            guard bytes != signed else { return }
            tried += 1
            let text = String(decoding: bytes, as: UTF8.self)
            if Self.fault(ring, text) == nil { Issue.record("\(what) is taken: \(text)") }
        }
        for place in signed.indices {
            let byte = signed[place]
            for other in strangers + [byte ^ 0x20, byte ^ 1, byte &+ 1, byte &- 1, 0x80, 0xC3, 0xFF] {
                var bytes = signed
                bytes[place] = other
                refuse(bytes, "\(other) for \(byte) at \(place)")
                bytes = signed
                bytes.insert(other, at: place)
                refuse(bytes, "\(other) before \(place)")
            }
            var bytes = signed
            bytes.remove(at: place)
            refuse(bytes, "nothing at \(place)")
            bytes = signed
            bytes.insert(byte, at: place)
            refuse(bytes, "\(byte) twice at \(place)")
            if place + 1 < signed.endIndex {
                bytes = signed
                bytes.swapAt(place, place + 1)
                refuse(bytes, "\(place) and the next swapped")
            }
            refuse(Array(signed[..<place]), "cut off at \(place)")
            refuse(Array(signed[(place + 1)...]), "begun behind \(place)")
            refuse(signed + [byte], "\(byte) behind the end")
        }
        #expect(tried > signed.count * 50)
        #expect(Self.fault(ring, String(decoding: signed, as: UTF8.self)) == nil)
    }

    /// The same for every character that base64url has, where the signature stands.
    @Test func `a signature has one spelling`() throws {
        let ring = try Self.ring(Self.record("key-0001"))
        let signed = Array(ring.sign(method: "PUT", target: Self.target).utf8)
        for place in signed.index(signed.endIndex, offsetBy: -43)..<signed.endIndex {
            for other in Self.alphabet where other != signed[place] {
                var bytes = signed
                bytes[place] = other
                #expect(Self.fault(ring, String(decoding: bytes, as: UTF8.self)) == .invalid)
            }
        }
    }

    /// 32 bytes take 42 characters and four bits: three more texts stand for the same bytes.
    @Test func `another base64 text of the same bytes is refused`() throws {
        let ring = try Self.ring(Self.record("key-0001"))
        let signed = Array(ring.sign(method: "PUT", target: Self.target).utf8)
        let final = try #require(signed.last)
        let last = try #require(Self.alphabet.firstIndex(of: final))
        #expect(last % 4 == 0)
        for spare in 1...3 {
            let other = signed.dropLast() + [Self.alphabet[last + spare]]
            #expect(Self.fault(ring, String(decoding: other, as: UTF8.self)) == .invalid)
        }
        let text = String(decoding: signed, as: UTF8.self)
        let standard = text.suffix(43).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        // The signature of this target has a character that the two alphabets write differently.
        #expect(String(standard) != text.suffix(43))
        #expect(Self.fault(ring, text.dropLast(43) + String(standard)) == .invalid)
        #expect(Self.fault(ring, text + "=") == .invalid)
        #expect(Self.fault(ring, text.dropLast(1) + "%41") == .invalid)
    }

    @Test(arguments: ["GET", "put", "PUT ", "", "POST", "PU"])
    func `a link for one method is none for another`(method: String) throws {
        let ring = try Self.ring(Self.record("key-0001"))
        let signed = ring.sign(method: "PUT", target: Self.target)
        #expect(Self.fault(ring, signed, method: method) == .invalid)
    }

    @Test(arguments: [
        "", "/", "&kid=key-0001&sig=", "/u?x&kid=key-0001", "/u?x&sig=AAAA",
        "&kid=key-0001&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "/&kid=key-0001&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "/&kid=key 0001&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "/&kid=key-0001&sig=" + String(repeating: "\u{E9}", count: 14) + String(repeating: "A", count: 15),
        String(repeating: "\u{1F600}", count: 22),
    ])
    func `what was never signed is refused`(text: String) throws {
        let ring = try Self.ring(Self.record("key-0001"))
        // With each length once, so that every cut falls into a character once.
        for padding in 0..<4 {
            #expect(Self.fault(ring, text + String(repeating: "A", count: padding)) == .invalid)
            #expect(Self.fault(ring, String(repeating: "\u{E9}", count: padding) + text) == .invalid)
        }
    }

    // MARK: Several keys

    @Test func `a new key signs and the links of the old one stay good`() throws {
        let old = try Self.record("key-0001", secret: [1], createdAt: 1)
        let new = try Self.record("key-0002", secret: [2], createdAt: 2)
        let before = try Self.ring(old)
        let signed = before.sign(method: "PUT", target: Self.target)
        for after in [try Self.ring(old, new), try Self.ring(new, old)] {
            #expect(Self.fault(after, signed) == nil)
            let fresh = after.sign(method: "PUT", target: Self.target)
            #expect(fresh.contains("&kid=key-0002&"))
            #expect(Self.fault(after, fresh) == nil)
            // Who has not heard of the new key says which one is missing.
            #expect(Self.fault(before, fresh) == .unknownKey(new.id))
        }
        #expect(Self.fault(try Self.ring(new), signed) == .unknownKey(old.id))
    }

    @Test func `a retired key checks and does not sign`() throws {
        let old = try Self.record("key-0001", secret: [1], createdAt: 1)
        let newer = try Self.record("key-0002", secret: [2], createdAt: 2)
        let signed = try Self.ring(old, newer).sign(method: "PUT", target: Self.target)
        let retired = try Self.record("key-0002", secret: [2], createdAt: 2, retired: true)
        let ring = try Self.ring(old, retired)
        #expect(Self.fault(ring, signed) == nil)
        #expect(ring.sign(method: "PUT", target: Self.target).contains("&kid=key-0001&"))
    }

    @Test func `a ring without a key that may sign is none`() throws {
        #expect(KeyRing([]) == nil)
        #expect(KeyRing([try Self.record("key-0001", retired: true)]) == nil)
    }

    @Test func `nodes that made a key in the same moment agree on one`() throws {
        let one = try Self.record("key-0001", secret: [1])
        let other = try Self.record("key-0002", secret: [2])
        let signed = try Self.ring(one, other).sign(method: "PUT", target: Self.target)
        #expect(signed == (try Self.ring(other, one).sign(method: "PUT", target: Self.target)))
        #expect(signed.contains("&kid=key-0002&"))
    }

    @Test func `a signature of one key is none of another`() throws {
        let one = try Self.record("key-0001", secret: [1])
        let signed = try Self.ring(one).sign(method: "PUT", target: Self.target)
        #expect(Self.fault(try Self.ring(Self.record("key-0001", secret: [2])), signed) == .invalid)
        let both = try Self.ring(one, Self.record("key-0002", secret: [2]))
        #expect(Self.fault(both, signed.replacing("key-0001", with: "key-0002")) == .invalid)
    }

    @Test func `a fresh key has 32 random bytes`() {
        let now = Timestamp(milliseconds: 7)
        let keys = (0..<200).map { _ in KeyRing.newKey(now: now) }
        #expect(keys.allSatisfy { $0.secret.count == 32 && $0.createdAt == now && $0.retiredAt == nil })
        #expect(Set(keys.map(\.secret)).count == keys.count)
        #expect(Set(keys.map(\.id)).count == keys.count)
    }
}
