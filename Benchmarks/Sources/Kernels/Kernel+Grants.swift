import UploadGrants
import UploadModel
import UploadProtocols

extension Kernel {
    /// Signed links. The hash below them is chosen by the processor's abilities.
    static let grants: [Kernel] = [grantIssue, grantCheck]

    private static let grantIssue = Kernel(
        "grant-issue", "target of a link written and signed", iterations: 200, dependsOnMachine: true
    ) {
        let ring = try Sample.keyRing()
        let upload = try Sample.upload(PartLayout(sizeBytes: 4096))
        return { iterations in
            for _ in 0..<iterations {
                let target = SignedTarget(upload, expiresAt: Sample.moment)
                consume(ring.sign(method: GrantedProtocol.put.signedMethod, target: target.text))
            }
        }
    }

    private static let grantCheck = Kernel(
        "grant-check", "signature of a link checked", iterations: 200, dependsOnMachine: true
    ) {
        let ring = try Sample.keyRing()
        let target = SignedTarget(try Sample.upload(PartLayout(sizeBytes: 4096)), expiresAt: Sample.moment)
        let signed = ring.sign(method: GrantedProtocol.put.signedMethod, target: target.text)
        return { iterations in
            for _ in 0..<iterations {
                consume(try ring.verify(method: GrantedProtocol.put.signedMethod, signedTarget: signed))
            }
        }
    }
}
