import HTTPTypes
import Hummingbird
import Logging
import MediaLibrary
import UploadEngine
import UploadModel
import UploadProtocols

extension GatewayServices {
    /// tus 1.0.
    var tusRoutes: [Route] {
        let upload = "\(TusProtocol.path)/:fileId"
        let granted = "\(GrantedProtocol.tus.pathPrefix):fileId/:fileName"
        return [
            Route(.options, TusProtocol.path, access: .open, dialect: .tus) { _, _ in tusAbilities },
            Route(.options, upload, access: .open, dialect: .tus) { _, _ in tusAbilities },
            Route(.post, TusProtocol.path, dialect: .tus, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await createTusUpload(exchange)
            },
            Route(.options, granted, access: .open, dialect: .tus) { exchange, _ throws(UploadFault) in
                try await grantedTusAbilities(exchange)
            },
            Route(.post, granted, access: .open, dialect: .tus, takesBytes: true) {
                exchange, _ throws(UploadFault) in try await createGrantedTusUpload(exchange)
            },
            Route(.head, granted, access: .open, dialect: .tus) { exchange, _ throws(UploadFault) in
                try await showGrantedTusUpload(exchange)
            },
            Route(.head, upload, access: .keyOrSignature, dialect: .tus) { exchange, parameters throws(UploadFault) in
                try await showTusUpload(exchange, parameters)
            },
            Route(.patch, upload, access: .keyOrSignature, dialect: .tus, takesBytes: true) {
                exchange, parameters throws(UploadFault) in try await appendToTusUpload(exchange, parameters)
            },
            Route(.delete, upload, access: .keyOrSignature, dialect: .tus) { exchange, parameters throws(UploadFault) in
                try await endTusUpload(exchange, parameters)
            },
        ]
    }

    private var tusAbilities: Answer { .reply(TusReplies.abilities(limits: engine.limits)) }

    /// `OPTIONS /files/{fileId}/{fileName}`: what a granted URL takes.
    private func grantedTusAbilities(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let target = try await signedTarget(of: exchange, for: .tus)
        return .reply(TusReplies.abilities(limits: engine.limits, grantedBytes: target.maximumBytes))
    }

    /// `POST /files`
    private func createTusUpload(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        try TusProtocol.checkVersion(exchange.head)
        let creation = try TusCreation(exchange.head, formats: formats, limits: engine.limits)
        return try await fill(try await begin(creation, for: tenant), creation, exchange, isSigned: false)
    }

    /// `POST /files/{fileId}/{fileName}`: the one creation that a granted URL is for. What its signature or its head is
    /// refused for leaves the link unused.
    private func createGrantedTusUpload(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let target = try await grantedTarget(of: exchange, for: .tus)
        try TusProtocol.checkVersion(exchange.head)
        let creation = try TusCreation(exchange.head, granted: target, formats: formats, limits: engine.limits)
        let upload = try await engine.claimSequential(
            target.fileID, declaredBytes: creation.sizeBytes ?? exchange.body.declaredBytes,
            sizeBytes: creation.sizeBytes, metadataJSON: creation.metadataJSON)
        return try await fill(upload, creation, exchange, isSigned: true)
    }

    /// `HEAD /files/{fileId}/{fileName}`: where the upload goes on that a granted URL began, for who has heard no answer to
    /// its creation. It may have expired: what it began goes on.
    private func showGrantedTusUpload(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let target = try await signedTarget(of: exchange, for: .tus)
        try TusProtocol.checkVersion(exchange.head)
        let upload = try await engine.upload(target.fileID.text, of: target.tenant)
        guard upload.claimedAt != nil else {
            guard engine.now < target.expiresAt else { throw Self.linkExpired }
            throw UploadFault(.notFound, "This link has begun no upload yet; create it with POST.")
        }
        let location = try await goOnURL(upload, over: .tus, isSigned: true, for: exchange)
        return .reply(TusReplies.standing(try await standing(upload), location: location))
    }

    /// Takes what comes with a creation, and tells where the upload goes on.
    private func fill(
        _ created: UploadRecord, _ creation: TusCreation, _ exchange: Exchange, isSigned: Bool
    ) async throws(UploadFault) -> Answer {
        var upload = created
        let location: String
        do throws(UploadFault) {
            location = try await goOnURL(upload, over: .tus, isSigned: isSigned, for: exchange)
            if let append = creation.append {
                upload = try await take(append, of: exchange, for: upload)
            } else if creation.sizeBytes == 0 {
                upload = try await settle(upload)
            }
        } catch {
            // What a granted one brought before it broke off is asked for at its link.
            if !isSigned || Self.endsGranted.contains(error.code) { await forget(upload, exchange) }
            throw error
        }
        return .reply(TusReplies.created(upload, tookBytes: creation.append != nil, location: location))
    }

    /// The bytes themselves are wrong.
    private static let endsGranted: Set<UploadFault.Code> = [.digestMismatch, .contentMismatch, .tooLarge]

    /// Ends an upload that its client was never told of, and so can never ask for.
    private func forget(_ upload: UploadRecord, _ exchange: Exchange) async {
        do throws(UploadFault) {
            try await engine.abort(upload)
        } catch {
            exchange.logger.warning(
                "an upload that nobody knows could not be ended", metadata: ["sluice.fault": "\(error.detail)"])
        }
    }

    /// What the concatenation extension says, in the words of the engine, which looks at the pieces. Whether they are all
    /// here is not asked (concatenation-unfinished). The same list again makes another file: pieces may be used more
    /// than once.
    private static func way(_ concat: TusConcat?) throws(UploadFault) -> (UploadWay, [FileID]) {
        switch concat {
        case nil: return (.sequential, [])
        case .partial: return (.partial, [])
        case .final(let ids):
            let joins = ids.compactMap { FileID($0) }
            guard joins.count == ids.count else { throw UploadFault.notFound }
            return (.joined, joins)
        }
    }

    private func begin(_ creation: TusCreation, for tenant: TenantID) async throws(UploadFault) -> UploadRecord {
        let (way, joins) = try Self.way(creation.concat)
        do throws(UploadFault) {
            return try await engine.begin(
                UploadEngine.Announcement(
                    tenant: tenant, fileName: creation.fileName, declaredType: creation.declaredType,
                    sizeBytes: creation.sizeBytes, way: way, joins: joins, metadataJSON: creation.metadataJSON))
        } catch {
            guard error.code == .wayMismatch else { throw error }
            // A wrong list, not an upload that is none to write to.
            throw UploadFault(.invalidRequest, "Upload-Concat names an upload that was not created as partial.")
        }
    }

    /// `HEAD /files/{fileId}`: ends whoever is still sending, so that the offset told is one that is taken next.
    private func showTusUpload(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        .reply(TusReplies.standing(try await standing(standing(exchange, parameters))))
    }

    private func standing(_ stale: UploadRecord) async throws(UploadFault) -> UploadRecord {
        try Self.refuseEnded(stale)
        let upload = try await settle(stale)
        // Whoever was still sending may have ended it with its last bytes.
        try Self.refuseEnded(upload)
        return upload
    }

    /// `PATCH /files/{fileId}`
    private func appendToTusUpload(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let upload = try await standing(exchange, parameters)
        // concatenation extension: also once it is complete.
        guard upload.way != .joined else {
            throw UploadFault(.wayMismatch, "A final upload is made of its parts and takes no bytes.")
        }
        let append = try TusAppend(exchange.head)
        return .reply(TusReplies.stored(try await take(append, of: exchange, for: upload)))
    }

    /// `DELETE /files/{fileId}`. Of a file the right to bring it in is none any more: that takes a key.
    private func endTusUpload(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let upload = try await standing(exchange, parameters)
        let isSigned = SignedUpload.isSigned(query: exchange.query)
        if isSigned || upload.state != .complete {
            do throws(UploadFault) {
                try await engine.abort(upload)
                return .reply(TusReplies.ended())
            } catch {
                // It has become a file meanwhile, and a file can be ended as well (termination extension, "DELETE").
                guard error.code == .alreadyComplete, !isSigned else { throw error }
            }
        }
        try await library.deleteFile(upload.fileID.text, of: upload.tenant)
        return .reply(TusReplies.ended())
    }

    /// The upload that a request means.
    ///
    /// - Throws: `not_found`, also for another tenant's; `upload_gone` for one that ended without becoming a file.
    private func standing(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> UploadRecord {
        let tenant = try exchange.requiredTenant()
        try TusProtocol.checkVersion(exchange.head)
        let upload = try await engine.upload(parameters.text("fileId"), of: tenant)
        try Self.refuseEnded(upload)
        return upload
    }

    private static func refuseEnded(_ upload: UploadRecord) throws(UploadFault) {
        guard upload.state.isOpen || upload.state == .complete else {
            throw UploadFault(.uploadGone, "This upload ended (\(upload.state.rawValue)); create a new one.")
        }
    }

    /// An upload as it stands when nobody writes to it any more; one of which all is here is complete then. Whoever puts
    /// pieces together is not disturbed.
    ///
    /// - Throws: `way_mismatch` for what takes its bytes another way: it has no offset that is taken next.
    private func settle(_ upload: UploadRecord) async throws(UploadFault) -> UploadRecord {
        switch upload.way {
        case .sequential, .partial: return try await engine.settle(upload, completing: true)
        case .joined: return upload
        case .parts where upload.state == .complete: return upload
        case .parts where upload.state == .receiving && upload.claimedAt == nil && upload.receivedBytes == 0:
            return upload
        case .parts: throw UploadFault(.wayMismatch, "This upload takes its bytes another way: go on as it was begun.")
        }
    }

    /// Takes the bytes of a request. Where they must have a digest they count as a whole or not at all; else what came of
    /// a body that broke off stays.
    private func take(
        _ append: TusAppend, of exchange: Exchange, for upload: UploadRecord
    ) async throws(UploadFault) -> UploadRecord {
        let stream = try await engine.openAppend(
            upload,
            AppendOffer(
                offset: append.offset, declaredBytes: exchange.body.declaredBytes, sizeBytes: append.sizeBytes,
                completesWhenFull: true, isWholeOrNothing: append.checksum.isAnnounced,
                digests: append.checksum.digests))
        try await BodyPump(exchange: exchange).run(into: stream)
        let expected: [DigestAlgorithm: Digest]
        do throws(UploadFault) {
            expected = try append.checksum.expected(trailers: exchange.body.trailers)
        } catch {
            await stream.abandon()
            throw error
        }
        return try await stream.finish(expecting: expected).upload
    }
}
