import Checksums
import HTTPTypes
import UploadGrants
import UploadModel
import UploadProtocols
import UploadRules

extension Kernel {
    /// The way of a small request through everything that is neither socket, disk nor catalog. Those need threads,
    /// whose turns no count repeats.
    static let wholeRequest = Kernel(
        "small-request", "signed PUT of 4 KiB: link, head, rules, copy with checksum, answer", iterations: 100,
        dependsOnMachine: true
    ) {
        let ring = try Sample.keyRing()
        let body = Sample.bytes(4096, seed: 3)
        let granted = try Sample.upload(PartLayout(sizeBytes: 4096), state: .granted)
        let target = SignedTarget(granted, expiresAt: granted.expiresAt).text
        let signed = ring.sign(method: GrantedProtocol.put.signedMethod, target: target)
        let head = Sample.head(
            .put, signed, [(.contentType, "video/quicktime"), (.contentDigest, "crc32c=:\(try digestText(body)):")])
        let bounds = PartsMachine.Bounds(maximumPartBytes: 5 << 30, maximumPartCount: 10_000)
        return { iterations in
            var block = [UInt8](repeating: 0, count: 4096)
            for _ in 0..<iterations {
                let text = try ring.verify(method: GrantedProtocol.put.signedMethod, signedTarget: head.path ?? "")
                let target = try made(SignedTarget(verified: text), "a target")
                guard Sample.moment < target.expiresAt else { throw KernelFault("the link has expired") }
                var machine = UploadMachine(restoring: granted, parts: [], bounds: bounds)
                guard case .claim = machine.streamOffered(declaredBytes: 4096) else {
                    throw KernelFault("the link was refused")
                }
                machine.claimed()
                let asked = try SignedPutHead(head, granted: target.mediaType)
                var digests = DigestSet(asked.wanted.union(asked.expected.keys))
                body.withUnsafeBytes { from in
                    block.withUnsafeMutableBytes { to in digests.copy(from, to: to) }
                }
                let found = digests.finalize()
                guard asked.expected.allSatisfy({ found[$0.key] == $0.value }),
                    case .publish(let sizeBytes) = machine.streamEnded(lengthBytes: 4096)
                else { throw KernelFault("the file was refused") }
                var complete = granted
                complete.state = .complete
                complete.receivedBytes = sizeBytes
                complete.crc32c = digests.crc32c
                consume(responseHead(of: SignedPutHead.reply(complete, digests: found)))
            }
        }
    }

    /// The checksum of bytes as a digest field has it, without the colons.
    private static func digestText(_ bytes: [UInt8]) throws -> String {
        var hasher = CRC32CHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        let field = DigestField.serialize([Digest(hasher.value)])
        let value = try made(field.split(separator: ":").last, "a digest field")
        return String(value)
    }
}
