import Crypto
import UploadModel

/// Digests of what a client asked for: whoever repeats a request is told apart from whoever makes another.
struct Fingerprint {
    private var hash = SHA256()

    /// Lengths keep "ab"+"c" apart from "a"+"bc", and nothing apart from an empty text.
    mutating func add(_ text: String?) {
        let bytes = text.map { Array($0.utf8) }
        hash.update(data: Array("\(bytes?.count ?? -1):".utf8))
        hash.update(data: bytes ?? [])
    }

    var hex: String { UploadModel.Digest(.sha256, bytes: Array(hash.finalize()))?.hex ?? "" }
}

extension MediaLibrary {
    /// A digest of everything that the client asked for.
    static func fingerprint(of request: MediaItemRequest) -> String {
        var digest = Fingerprint()
        digest.add(request.kind.rawValue)
        digest.add(request.title)
        digest.add(request.description)
        digest.add(request.platforms.map(\.rawValue).joined(separator: ","))
        digest.add(request.scheduledAt.map { String($0.milliseconds) })
        digest.add(String(request.isDraft))
        for platform in Platform.allCases { digest.add(request.settingsJSON[platform]) }
        return digest.hex
    }
}
