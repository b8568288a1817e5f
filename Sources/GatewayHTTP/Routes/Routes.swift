import HTTPTypes
import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// Every route of the gateway.
    var routes: [Route] {
        healthRoutes + documentRoutes + signedPutRoutes + chunkRoutes + partsRoutes + resumableRoutes + tusRoutes
            + mediaRoutes
            + galleryRoutes + fileRoutes
    }

    private var healthRoutes: [Route] {
        [
            Route(.get, "/healthz", access: .open, dialect: .problem, isCounted: false) { _, _ in
                .reply(.json(.ok, ["status": "ok"]))
            },
            Route(.get, "/readyz", access: .open, dialect: .problem, isCounted: false) { _, _ throws(UploadFault) in
                try refuseWhileDraining()
                try await readiness.check(engine)
                return .reply(.json(.ok, ["status": "ready"]))
            },
        ]
    }

    private var documentRoutes: [Route] {
        [
            Route(.get, "/openapi.yaml", access: .open, dialect: .problem) { exchange, _ in
                .reply(OpenAPIDocument.reply(address(of: exchange)))
            }
        ]
    }

    private var signedPutRoutes: [Route] {
        [
            Route(.get, "/api/media/uploadUrl", dialect: .gallery, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await grant(exchange)
            },
            Route(.post, "/api/v1/grants", dialect: .problem, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await grantProtocol(exchange)
            },
        ] + signedRoutes(.put, [.put]) + signedRoutes(.resumable, [.put, .post])
    }

    /// What a signed URL takes: the file, and questions about it.
    private func signedRoutes(_ way: GrantedProtocol, _ methods: [HTTPRequest.Method]) -> [Route] {
        let pattern = "\(way.pathPrefix):fileId/:fileName"
        return methods.map { method in
            Route(method, pattern, access: .open, dialect: .problem, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await putSigned(exchange, way)
            }
        } + [
            Route(.head, pattern, access: .open, dialect: .problem) { exchange, _ throws(UploadFault) in
                try await askSigned(exchange, way)
            },
            Route(.options, pattern, access: .open, dialect: .problem) { exchange, _ throws(UploadFault) in
                try await discoverSigned(exchange, way)
            },
        ]
    }

    private var resumableRoutes: [Route] {
        [HTTPRequest.Method.post, .put].map { method in
            Route(method, "/uploads", dialect: .problem, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await createUpload(exchange)
            }
        } + [
            Route(.options, "/uploads", access: .open, dialect: .problem) { exchange, _ in
                discoverUploads(exchange)
            },
            Route(.get, "/uploads/:fileId", access: .keyOrSignature, dialect: .problem) {
                exchange, parameters throws(UploadFault) in try await uploadOffset(exchange, parameters)
            },
            Route(.patch, "/uploads/:fileId", access: .keyOrSignature, dialect: .problem, takesBytes: true) {
                exchange, parameters throws(UploadFault) in try await appendToUpload(exchange, parameters)
            },
            Route(.delete, "/uploads/:fileId", access: .keyOrSignature, dialect: .problem) {
                exchange, parameters throws(UploadFault) in try await cancelUpload(exchange, parameters)
            },
        ]
    }

    /// The publishing API answers under its older and its newer path.
    private static let mediaPrefixes = ["/api/v1/media", "/media"]

    private var chunkRoutes: [Route] {
        Self.mediaPrefixes.flatMap { prefix in
            [
                Route(.get, "\(prefix)/chunks", dialect: .media) { exchange, _ throws(UploadFault) in
                    try await chunkStatus(exchange)
                },
                Route(.post, "\(prefix)/chunks", dialect: .media, takesBytes: true) {
                    exchange, _ throws(UploadFault) in try await takeChunk(exchange)
                },
            ]
        }
    }

    private var partsRoutes: [Route] {
        [
            Route(.post, "/api/v1/uploads", dialect: .problem, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await beginParts(exchange)
            },
            Route(.get, "/api/v1/uploads", dialect: .problem) { exchange, _ throws(UploadFault) in
                try await listUploads(exchange)
            },
            Route(.get, "/api/v1/uploads/:fileId", dialect: .problem) {
                exchange, parameters throws(UploadFault) in try await uploadStatus(exchange, parameters)
            },
            Route(.delete, "/api/v1/uploads/:fileId", dialect: .problem) {
                exchange, parameters throws(UploadFault) in try await abortUpload(exchange, parameters)
            },
            Route(.put, "/api/v1/uploads/:fileId/parts/:number", dialect: .problem, takesBytes: true) {
                exchange, parameters throws(UploadFault) in try await putPart(exchange, parameters)
            },
            Route(.post, "/api/v1/uploads/:fileId/complete", dialect: .problem) {
                exchange, parameters throws(UploadFault) in try await completeUpload(exchange, parameters)
            },
        ]
    }

    private var mediaRoutes: [Route] {
        Self.mediaPrefixes.flatMap { prefix in
            [(MediaKind.image, "images"), (.video, "videos")].flatMap { kind, name in
                mediaRoutes("\(prefix)/\(name)", kind)
            }
        }
    }

    private func mediaRoutes(_ path: String, _ kind: MediaKind) -> [Route] {
        [
            Route(.post, path, dialect: .media, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await finalize(exchange, kind)
            },
            Route(.get, path, dialect: .media) { exchange, _ throws(UploadFault) in
                try await listItems(exchange, kind)
            },
            Route(.get, "\(path)/:id", dialect: .media) {
                exchange, parameters throws(UploadFault) in try await showItem(exchange, parameters, kind)
            },
            Route(.patch, "\(path)/:id", dialect: .media) {
                exchange, parameters throws(UploadFault) in try await editItem(exchange, parameters, kind)
            },
            Route(.delete, "\(path)/:id", dialect: .media) {
                exchange, parameters throws(UploadFault) in try await deleteItem(exchange, parameters, kind)
            },
            Route(.patch, "\(path)/:id/platforms/:platform", dialect: .media) {
                exchange, parameters throws(UploadFault) in try await reportPlatform(exchange, parameters, kind)
            },
        ]
    }

    private var galleryRoutes: [Route] {
        [
            Route(.get, "/api/media", dialect: .gallery) { exchange, _ throws(UploadFault) in
                try await showGallery(exchange)
            },
            Route(.post, "/api/media/upload", dialect: .gallery, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await uploadToGallery(exchange)
            },
            Route(.post, "/api/media/urlExists", dialect: .gallery) { exchange, _ throws(UploadFault) in
                try await urlExists(exchange)
            },
            Route(.get, "/api/media/meta", dialect: .gallery) { exchange, _ throws(UploadFault) in
                try await showMeta(exchange)
            },
            Route(.get, "/api/media/:id", dialect: .gallery) { exchange, parameters throws(UploadFault) in
                try await showMeta(exchange, of: parameters.text("id"))
            },
            Route(.delete, "/api/media/:id", dialect: .gallery) {
                exchange, parameters throws(UploadFault) in try await deleteFile(exchange, parameters)
            },
            Route(.post, "/api/post", dialect: .gallery, takesBytes: true) { exchange, _ throws(UploadFault) in
                try await post(exchange)
            },
        ]
    }

    private var fileRoutes: [Route] {
        [
            Route(.get, "/media/:fileId/:fileName", access: .open, dialect: .problem) {
                exchange, parameters throws(UploadFault) in try await serveFile(exchange, parameters)
            }
        ]
    }
}
