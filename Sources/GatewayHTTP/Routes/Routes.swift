import HTTPTypes
import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// Every route of the gateway.
    var routes: [Route] {
        healthRoutes + signedPutRoutes + chunkRoutes + partsRoutes + mediaRoutes + galleryRoutes + fileRoutes
    }

    private var healthRoutes: [Route] {
        [
            Route(.get, "/healthz", access: .open, dialect: .problem) { _, _ in
                .reply(.json(.ok, ["status": "ok"]))
            },
            Route(.get, "/readyz", access: .open, dialect: .problem) { _, _ throws(UploadFault) in
                try refuseWhileDraining()
                try await readiness.check(engine)
                return .reply(.json(.ok, ["status": "ready"]))
            },
        ]
    }

    private var signedPutRoutes: [Route] {
        [
            Route(.get, "/api/media/uploadUrl", dialect: .gallery, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await grant(exchange)
            },
            Route(.put, "/upload/:fileId/:fileName", access: .open, dialect: .problem, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await putSigned(exchange)
            },
        ]
    }

    private var chunkRoutes: [Route] {
        [
            Route(.get, "/api/v1/media/chunks", dialect: .media) { exchange, _ throws(UploadFault) in
                try await chunkStatus(exchange)
            },
            Route(.post, "/api/v1/media/chunks", dialect: .media, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await takeChunk(exchange)
            },
        ]
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
        [(MediaKind.image, "images"), (.video, "videos")].flatMap { kind, name in
            [
                Route(.post, "/api/v1/media/\(name)", dialect: .media, takesBytes: true) {
                    exchange, _ throws(UploadFault) in try await finalize(exchange, kind)
                },
                Route(.get, "/api/v1/media/\(name)/:id", dialect: .media) {
                    exchange, parameters throws(UploadFault) in try await showItem(exchange, parameters, kind)
                },
            ]
        }
    }

    private var galleryRoutes: [Route] {
        [
            Route(.get, "/api/media", dialect: .gallery) { exchange, _ throws(UploadFault) in
                try await showGallery(exchange)
            }
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
