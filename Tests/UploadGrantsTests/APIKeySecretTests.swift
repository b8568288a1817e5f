import Testing
import UploadModel

@testable import UploadGrants

@Suite struct APIKeySecretTests {
    @Test func `a fresh key has its prefix and 256 bits in lower-case hexadecimal`() {
        let text = APIKeySecret.random().text
        #expect(text.hasPrefix("sluice_"))
        #expect(text.utf8.count == "sluice_".utf8.count + 64)
        #expect(text.dropFirst("sluice_".count).allSatisfy { "0123456789abcdef".contains($0) })
        #expect(text.utf8.count <= APIKeySecret.maximumBytes)
    }

    @Test func `no two keys are the same`() {
        let keys = (0..<1000).map { _ in APIKeySecret.random() }
        #expect(Set(keys.map(\.text)).count == keys.count)
        #expect(Set(keys.map(\.hashHex)).count == keys.count)
        // Each digit comes at each place sooner or later: none is fixed.
        for place in 0..<64 {
            let digits = Set(keys.map { Array($0.text.utf8)["sluice_".utf8.count + place] })
            #expect(digits.count == 16, "digit \(place)")
        }
    }

    /// SHA-256 in lower-case hexadecimal, over the whole text as UTF-8. A changed hash locks everybody out.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("sluice_", "f3704ba7388e294946b702c2b996f5f3dca089a9431b3288e8cbdf571da8da8a"),
        ("sluice_ключ", "f67ade0c4a8285076da6964ea56cfb8e298700f6b84a9e14fb3a8acba009b122"),
    ])
    func `the hash`(text: String, hash: String) {
        #expect(APIKeySecret(text: text).hashHex == hash)
    }

    @Test func `a key that differs in case or by a space is another key`() {
        let key = APIKeySecret.random()
        for other in [key.text.uppercased(), key.text + " ", " " + key.text, String(key.text.dropLast())] {
            #expect(APIKeySecret(text: other).hashHex != key.hashHex)
        }
    }
}
