import UploadGrants
import UploadModel
import UploadProtocols

/// Signed links: what was signed holds and says what it said; anything else does not.
enum Grants {
    private static let ring: KeyRing = {
        let records = ["keykey_1", "keykey-2"].compactMap(GrantKeyID.init).enumerated().map { place, id in
            GrantKeyRecord(
                id: id, secret: [UInt8](repeating: UInt8(7 + place), count: 32),
                createdAt: Timestamp(milliseconds: Int64(place)))
        }
        guard let ring = KeyRing(records) else { preconditionFailure("no key") }
        return ring
    }()

    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let kind = input.choice(below: 4)
        if kind == 0 {
            try checkForeign(input.text)
            try checkForeign("\(GrantedProtocol.put.pathPrefix)\(Uploads.fileID)/\(input.text)")
            return
        }
        let upload = try makeUpload(&input)
        let expiresAt = Timestamp(milliseconds: input.integer())
        let change = (place: input.integer(), byte: input.choice())
        guard let name = FileName(input.text) else { return }
        var named = upload
        named.fileName = name
        let target = SignedTarget(named, expiresAt: expiresAt)
        let signed = ring.sign(method: GrantedProtocol.put.signedMethod, target: target.text)
        try checkOwn(target, signed)
        try checkChanged(signed, kind, change.place, change.byte)
    }

    private static func makeUpload(_ input: inout FuzzInput) throws -> UploadRecord {
        guard let name = FileName("a"), let tenant = TenantID(input.choice(of: ["default", "t-1_2"])) else {
            throw Violation(description: "no name or no tenant")
        }
        var upload = Uploads.file(name, type: Uploads.known(input.choice(below: 64)))
        upload.tenant = tenant
        upload.layout.sizeBytes = input.choice(below: 2) == 0 ? nil : input.integer() & .max
        upload.maximumBytes = input.integer() & .max
        return upload
    }

    private static func checkOwn(_ target: SignedTarget, _ signed: String) throws {
        let verified = try ring.verify(method: GrantedProtocol.put.signedMethod, signedTarget: signed)
        guard let read = SignedTarget(verified: verified) else {
            throw Violation(description: "\(signed) is not read")
        }
        try claim(read == target && Array(read.text.utf8) == Array(target.text.utf8), "\(signed) is another target")
        try claim(signed.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(signed) has to be escaped")
        for method in ["GET", "put", "PUT\n", ""] {
            try claim((try? ring.verify(method: method, signedTarget: signed)) == nil, "it holds for \(method)")
        }
    }

    /// No byte may change, go or come.
    private static func checkChanged(_ signed: String, _ kind: Int, _ place: Int64, _ byte: UInt8) throws {
        var changed = Array(signed.utf8)
        let index = Int(place.magnitude % UInt64(changed.count))
        switch kind {
        case 1: changed[index] = byte
        case 2: changed.remove(at: index)
        default: changed.insert(byte, at: index)
        }
        let text = String(decoding: changed, as: UTF8.self)
        guard Array(text.utf8) != Array(signed.utf8) else { return }
        try claim((try? ring.verify(method: "PUT", signedTarget: text)) == nil, "\(text) holds as well as \(signed)")
    }

    /// Text that nobody signed: if it holds, then it is what signing gives.
    private static func checkForeign(_ text: String) throws {
        if let verified = try? ring.verify(method: "PUT", signedTarget: text) {
            let target = verified.utf8.dropLast("&kid=".utf8.count + GrantKeyID.characterCount)
            let signed = ring.sign(method: "PUT", target: String(decoding: target, as: UTF8.self))
            try claim(Array(signed.utf8) == Array(text.utf8), "\(text) holds, and \(signed) was signed")
        }
        guard !text.isEmpty else { return }
        let signed = ring.sign(method: "PUT", target: text)
        let verified = try ring.verify(method: "PUT", signedTarget: signed)
        try claim(verified.utf8.starts(with: text.utf8), "\(text) was signed, and \(verified) holds")
        guard let target = SignedTarget(verified: text[...]) else { return }
        try claim(text.utf8.starts(with: target.text.utf8), "\(text) is read as \(target.text)")
        try claim(SignedTarget(verified: target.text[...]) == target, "\(target.text) is read as something else")
    }
}
