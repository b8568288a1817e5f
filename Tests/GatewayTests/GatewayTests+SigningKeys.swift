import Foundation
import Testing

extension GatewayTests {
    /// The keys that sign links, changed while the gateway runs.
    @Suite(.gateway) struct SigningKeys {
        private func keyID(_ link: Link) throws -> String {
            String(try #require(link.uploadURL.firstMatch(of: /&kid=([^&]+)/)?.1))
        }

        @Test func `a new key signs from then on and the old one stays good`() async throws {
            let gateway = try RunningGateway.shared
            let mp4 = try Samples.shared.mp4
            let before = try await gateway.link("fileName=a.mp4")
            let rotated = try await gateway.command("keys", "rotate-signing")
            #expect(rotated.exitCode == 0, "\(rotated.errors)")
            let after = try await gateway.link("fileName=b.mp4")
            #expect(try keyID(before) != keyID(after))
            #expect(rotated.output.contains(try keyID(after)))
            for link in [before, after] {
                let answer = try await gateway.put(link, mp4)
                #expect(answer.status == 200, "\(answer.account)")
            }
        }

        @Test func `a revoked key's links are void at once, and files stay`() async throws {
            let gateway = try RunningGateway.shared
            let mp4 = try Samples.shared.mp4
            let file = try await gateway.usedLink(mp4)
            let void = try await gateway.link("fileName=a.mp4")
            let revoked = try await gateway.command("keys", "rotate-signing", "--revoke")
            #expect(revoked.exitCode == 0, "\(revoked.errors)")
            let answer = try await gateway.put(void, mp4)
            #expect(answer.status == 403, "\(answer.account)")
            #expect(answer.code == "link_invalid")
            #expect(try await gateway.put(try await gateway.link("fileName=b.mp4"), mp4).status == 200)
            #expect(try await gateway.bytes(file.accessURL) != nil)
        }
    }
}
