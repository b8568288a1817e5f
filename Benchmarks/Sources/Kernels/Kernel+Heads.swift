import HTTPTypes
import UploadModel
import UploadProtocols

extension Kernel {
    /// From the head of a request to what it asks for.
    static let heads: [Kernel] = [signedPutHead, partHead, partsAnnouncement, grantOrder]

    private static let digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"

    private static let signedPutHead = Kernel(
        "signed-put-head", "head of a signed PUT to what it must be: link, type, digests", iterations: 200
    ) {
        let upload = try Sample.upload(PartLayout(sizeBytes: 4096))
        let target = SignedTarget(upload, expiresAt: Sample.moment).text
        let head = Sample.head(
            .put, target,
            [(.contentType, "video/quicktime"), (.reprDigest, digest), (.wantReprDigest, "crc32c=1, sha-256=5")])
        return { iterations in
            for _ in 0..<iterations {
                let target = try made(SignedTarget(verified: target[...]), "a target")
                consume(try SignedPutHead(head, granted: target.mediaType))
            }
        }
    }

    private static let partHead = Kernel(
        "part-head", "digest fields of a part's head", iterations: 500
    ) {
        let head = Sample.head(
            .put, "/api/v1/uploads/abcdefghijklmnopqrstuvwxy-_/parts/17", [(.contentDigest, "crc32c=:yZRlqg==:")])
        return { iterations in
            for _ in 0..<iterations {
                consume(try BodyDigests.expected(head, names: [.contentDigest, .reprDigest]))
            }
        }
    }

    private static let partsAnnouncement = Kernel(
        "parts-announcement", "JSON that announces an upload in parts", iterations: 100
    ) {
        let text = """
            {"fileName": "holiday on the lake.mov", "contentType": "video/quicktime", "size": 4294967296,
             "partSize": 8388608, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
             "metadata": {"album": "Summer", "year": 2024, "tags": ["lake", "boat"], "private": true}}
            """
        let json = Array(text.utf8)
        let limits = UploadLimits()
        return { iterations in
            for _ in 0..<iterations {
                consume(try PartsAnnouncement(json: json, formats: .known, limits: limits))
            }
        }
    }

    private static let grantOrder = Kernel(
        "grant-order", "query that asks for a signed link", iterations: 200
    ) {
        let query = "fileName=holiday+on+the+lake.mov&contentType=mov&size=4294967296&expiresIn=600"
        let limits = UploadLimits()
        return { iterations in
            for _ in 0..<iterations { consume(try GrantOrder(query: query, formats: .known, limits: limits)) }
        }
    }
}
