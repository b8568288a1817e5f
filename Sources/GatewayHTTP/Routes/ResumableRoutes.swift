import HTTPTypes
import Hummingbird
import UploadEngine
import UploadModel
import UploadProtocols
import UploadStore

/// Resumable Uploads for HTTP.
extension GatewayServices {
    // MARK: Discovery

    /// `OPTIONS /uploads`
    func discoverUploads(_ exchange: Exchange) -> Answer {
        .reply(ResumableReplies.discovery(ResumableLimits(engine.limits), ResumableVersion(of: exchange.head)))
    }

    /// `OPTIONS` of a signed URL: the limits of what it grants.
    func discoverSigned(_ exchange: Exchange, _ way: GrantedProtocol) async throws(UploadFault) -> Answer {
        let target = try await signedTarget(of: exchange, for: way)
        let limits = ResumableLimits(engine.limits, maximumBytes: target.maximumBytes)
        return .reply(ResumableReplies.discovery(limits, ResumableVersion(of: exchange.head)))
    }

    // MARK: Creation

    /// `POST|PUT /uploads`: a file, or the beginning of one. One that does not ask for resuming is an ordinary upload,
    /// answered when it is whole, of which nothing stays when it breaks off.
    func createUpload(_ exchange: Exchange) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        if ResumableCreation.isAsked(exchange.head) { expectTransfer(exchange, ResumableLimits(engine.limits)) }
        let creation = try ResumableCreation(exchange.head, declaredBytes: exchange.body.declaredBytes)
        let naming = try ResumableNaming(exchange.head, query: exchange.query, formats: formats)
        let upload = try await engine.begin(
            UploadEngine.Announcement(
                tenant: tenant, fileName: naming.fileName, declaredType: naming.declaredType,
                sizeBytes: creation.knownBytes(declaredBytes: exchange.body.declaredBytes), way: .sequential,
                digests: creation.digests.file))
        guard creation.end == nil else { return try await fill(upload, creation, exchange, isSigned: false) }
        do throws(UploadFault) {
            return .reply(try await takeLast(ResumableContent(creation), exchange, upload))
        } catch {
            await engine.fail(upload)
            throw error
        }
    }

    /// The request that a signed URL is for, where it speaks this protocol: the claim, from which on the link is spent
    /// and the upload goes on elsewhere; then the rest of the head; then the bytes.
    func createSigned(_ exchange: Exchange, _ target: SignedTarget) async throws(UploadFault) -> Answer {
        expectTransfer(exchange, ResumableLimits(engine.limits, maximumBytes: target.maximumBytes))
        let declared = exchange.body.declaredBytes
        // What is told of the file is recorded with the claim: who goes on later need not say it again. A length that the link
        // does not allow needs no room: it is refused below, and the link is used.
        let told = ResumableCreation.knownBytes(exchange.head, declaredBytes: declared)
        let known = told.flatMap { target.allows(sizeBytes: $0) ? $0 : nil }
        let upload = try await engine.claimSequential(
            target.fileID, declaredBytes: known, sizeBytes: known,
            digests: (try? BodyDigests.expected(exchange.head, names: [.reprDigest])) ?? [:])
        let creation: ResumableCreation
        do throws(UploadFault) {
            creation = try ResumableCreation(exchange.head, declaredBytes: declared)
            try SignedPutHead.check(exchange.head, granted: target.mediaType)
        } catch {
            await engine.fail(upload)
            exchange.refusal?.endsUpload = true
            throw error
        }
        return try await fill(upload, creation, exchange, isSigned: true)
    }

    /// Tells where a new upload goes on, and takes what comes with its creation.
    private func fill(
        _ upload: UploadRecord, _ creation: ResumableCreation, _ exchange: Exchange, isSigned: Bool
    ) async throws(UploadFault) -> Answer {
        let version = creation.version
        let location = try await goOnURL(upload, over: .resumable, isSigned: isSigned, for: exchange)
        let limits = ResumableLimits(upload, now: engine.now)
        exchange.refusal?.location = location
        exchange.refusal?.limits = limits
        if let head = ResumableReplies.announcement(location: location, limits: limits, version) {
            exchange.interim.send(head, mayBeLeftOut: false)
        }
        let content = ResumableContent(creation)
        if content.endsFile {
            return .reply(ResumableReplies.ended(try await takeLast(content, exchange, upload), location: location))
        }
        // Nothing to take and nothing to learn: it was asked for the URL alone.
        if exchange.body.declaredBytes == 0, content.tellsNothingNew(of: upload) {
            return .reply(ResumableReplies.created(upload, location: location, limits: limits, version))
        }
        let taken = try await take(content, exchange, upload)
        let left = ResumableLimits(taken.upload, now: engine.now)
        var reply = ResumableReplies.created(taken.upload, location: location, limits: left, version)
        reply.fields[.contentDigest] = content.contentDigest(taken.digests)
        return .reply(reply)
    }

    // MARK: The upload resource

    /// `GET|HEAD /uploads/{fileId}`
    func uploadOffset(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let version = ResumableVersion(of: exchange.head)
        exchange.refusal = ResumableRefusal(version, isTransfer: false)
        try ResumableQuestion.check(exchange.head, version)
        let upload = try await engine.upload(parameters.text("fileId"), of: exchange.requiredTenant())
        return .reply(try await offset(of: upload, version, exchange))
    }

    /// `HEAD` of a signed URL: for who has heard nothing of where the upload goes on, because the connection broke before,
    /// or because no interim answer was asked for.
    func askSigned(_ exchange: Exchange, _ way: GrantedProtocol) async throws(UploadFault) -> Answer {
        let version = ResumableVersion(of: exchange.head)
        exchange.refusal = ResumableRefusal(version, isTransfer: false)
        let target = try await signedTarget(of: exchange, for: way)
        let upload = try await engine.upload(target.fileID.text, of: target.tenant)
        guard upload.claimedAt != nil else {
            // It has begun nothing, and so gives no right to go on with what came another way.
            guard engine.now < target.expiresAt else { throw Self.linkExpired }
            let limits = ResumableLimits(engine.limits, maximumBytes: upload.maximumBytes)
            return .reply(ResumableReplies.discovery(limits, version))
        }
        let location = try await goOnURL(upload, over: .resumable, isSigned: true, for: exchange)
        return .reply(try await offset(of: upload, location: location, version, exchange))
    }

    private func offset(
        of upload: UploadRecord, location: String? = nil, _ version: ResumableVersion, _ exchange: Exchange
    ) async throws(UploadFault) -> Reply {
        let settled: UploadRecord
        switch (upload.state, upload.way) {
        case (.complete, _): settled = upload
        // All of it may be here without that its end was answered: nobody is to take its offset for a file then.
        case (.receiving, .sequential): settled = try await engine.settle(upload, completing: true)
        // Who sends parts is not disturbed by a question.
        case (.receiving, .parts) where upload.claimedAt == nil && upload.receivedBytes == 0: settled = upload
        case (.granted, _), (.receiving, _): throw Self.otherWay
        case (.failed, _), (.aborted, _), (.expired, _): throw Self.ended
        }
        guard settled.state.isOpen || settled.state == .complete else { throw Self.ended }
        return ResumableReplies.offset(
            settled, limits: ResumableLimits(settled, now: engine.now), location: location,
            address: address(of: exchange), version)
    }

    /// `PATCH /uploads/{fileId}`
    func appendToUpload(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        expectTransfer(exchange, nil)
        let append = try ResumableAppend(exchange.head)
        let upload = try await engine.upload(parameters.text("fileId"), of: exchange.requiredTenant())
        exchange.refusal?.limits = ResumableLimits(upload, now: engine.now)
        if upload.state.isOpen, upload.way == .partial || upload.way == .joined { throw Self.otherWay }
        do throws(UploadFault) {
            let content = ResumableContent(append)
            if content.endsFile { return .reply(try await takeLast(content, exchange, upload)) }
            let taken = try await take(content, exchange, upload)
            var reply = ResumableReplies.appended(
                taken.upload, limits: ResumableLimits(taken.upload, now: engine.now), append.version)
            reply.fields[.contentDigest] = content.contentDigest(taken.digests)
            return .reply(reply)
        } catch {
            // Its bytes may have been the last ones of a request whose answer was lost.
            guard error.code == .alreadyComplete else { throw error }
            let complete = try await engine.upload(upload.fileID.text, of: upload.tenant)
            return .reply(try await answerAgain(append, complete, exchange))
        }
    }

    /// What an append gets that comes to a complete upload.
    private func answerAgain(
        _ append: ResumableAppend, _ complete: UploadRecord, _ exchange: Exchange
    ) async throws(UploadFault) -> Reply {
        switch append.afterEnd(of: complete.receivedBytes, declaredBytes: exchange.body.declaredBytes) {
        case .finalAnswer:
            try await engine.confirm(append.digests.file, of: complete)
            return finalAnswer(of: complete, append.version, exchange)
        case .refuse(let fault): throw fault
        }
    }

    /// `DELETE /uploads/{fileId}`
    func cancelUpload(_ exchange: Exchange, _ parameters: Parameters) async throws(UploadFault) -> Answer {
        let version = ResumableVersion(of: exchange.head)
        exchange.refusal = ResumableRefusal(version, isTransfer: false)
        try ResumableQuestion.check(exchange.head, version)
        let upload = try await engine.upload(parameters.text("fileId"), of: exchange.requiredTenant())
        guard upload.state.isOpen || upload.state == .complete else { throw Self.ended }
        try await engine.abort(upload)
        return .reply(Reply(.noContent))
    }

    private static let ended = UploadFault(.uploadGone, "This upload ended; begin a new one.")

    private static let otherWay = UploadFault(
        .wayMismatch, "This upload takes its bytes another way: go on as it was begun.")

    // MARK: Bytes

    /// From here on a refusal is told in the words of the request's version.
    private func expectTransfer(_ exchange: Exchange, _ limits: ResumableLimits?) {
        exchange.refusal = ResumableRefusal(ResumableVersion(of: exchange.head), isTransfer: true, limits: limits)
    }

    /// Takes the content that the file ends with; answers as the file is answered.
    private func takeLast(
        _ content: ResumableContent, _ exchange: Exchange, _ upload: UploadRecord
    ) async throws(UploadFault) -> Reply {
        let taken = try await take(content, exchange, upload)
        guard taken.upload.state == .complete else {
            throw UploadFault(
                .inconsistentLength,
                "The file was to end here, after \(taken.upload.receivedBytes) of its "
                    + "\(taken.upload.layout.sizeBytes ?? 0) bytes.")
        }
        var reply = finalAnswer(of: taken.upload, digests: taken.fileDigests, content.version, exchange)
        reply.fields[.contentDigest] = content.contentDigest(taken.digests)
        return reply
    }

    /// Takes the content of a request, telling its progress to who asked for it.
    private func take(
        _ content: ResumableContent, _ exchange: Exchange, _ upload: UploadRecord
    ) async throws(UploadFault) -> AppendUpload.Outcome {
        do throws(UploadFault) {
            return try await append(content, exchange, upload)
        } catch {
            let isLengthKnown = (content.sizeBytes ?? upload.layout.sizeBytes) != nil
            if error.code == .tooLarge, isLengthKnown, content.version.excessEndsUpload { await engine.fail(upload) }
            if [.tooLarge, .digestMismatch, .contentMismatch].contains(error.code) {
                let standing = try? await engine.upload(upload.fileID.text, of: upload.tenant)
                exchange.refusal?.endsUpload = standing.map { !$0.state.isOpen } ?? false
            }
            throw error
        }
    }

    private func append(
        _ content: ResumableContent, _ exchange: Exchange, _ upload: UploadRecord
    ) async throws(UploadFault) -> AppendUpload.Outcome {
        let (version, interim) = (content.version, exchange.interim)
        // The HTTP client of Go, and so of proxies written in it, long gave a request up at its sixth interim answer
        // (golang/go#65035). The one that tells where the upload goes on matters, the others are a comfort.
        // What cannot be resumed promises nothing.
        let tellsProgress = version.tellsProgress && !exchange.isFromProxy && exchange.refusal != nil
        let tell: @Sendable (Int64) async -> Void = { offset in
            guard let head = ResumableReplies.progress(offset, version) else { return }
            interim.send(head, mayBeLeftOut: true)
        }
        let append = try await engine.openAppend(
            upload,
            AppendOffer(
                offset: content.offset, declaredBytes: exchange.body.declaredBytes, sizeBytes: content.sizeBytes,
                endsFile: content.endsFile, isWholeOrNothing: !content.digests.content.isEmpty,
                digests: content.computed, fileDigests: content.digests.file,
                wantedOfFile: content.digests.wantedOfFile),
            onProgress: tellsProgress ? tell : nil)
        try await BodyPump(exchange: exchange).run(into: append)
        return try await append.finish(expecting: content.digests.content)
    }

    /// The answer of a complete upload: that of the link which began it, or else what the native call tells.
    private func finalAnswer(
        of upload: UploadRecord, digests: [DigestAlgorithm: Digest] = [:], _ version: ResumableVersion,
        _ exchange: Exchange
    ) -> Reply {
        let answer =
            upload.claimedAt == nil
            ? PartsReplies.completed(upload, address: address(of: exchange)) : SignedPutHead.reply(upload, digests: [:])
        return ResumableReplies.completed(answer, upload, digests: digests, version)
    }
}
