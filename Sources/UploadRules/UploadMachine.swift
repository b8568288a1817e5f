package import UploadModel

/// The life of one upload: which event may follow which, and what is to be done about it.
///
/// A pure value: it does no I/O and reads no clock. The engine restores it from the catalog, tells it what
/// happened, and carries out the action it answers. The catalog's conditional statements enforce the same rules
/// once more where two requests race.
package struct UploadMachine: Hashable, Sendable {
    package private(set) var state: UploadState
    package private(set) var parts: PartsMachine
    /// Whether the one-shot link was used.
    package private(set) var isClaimed: Bool
    private let way: UploadWay
    private let receivedBytes: Int64
    private let maximumBytes: Int64
    private let expectedDigests: [DigestAlgorithm: Digest]
    private let expiresAt: Timestamp

    package init(restoring upload: UploadRecord, parts stored: [StoredPart], bounds: PartsMachine.Bounds) {
        self.state = upload.state
        self.isClaimed = upload.claimedAt != nil
        self.way = upload.way
        self.receivedBytes = upload.receivedBytes
        self.maximumBytes = upload.maximumBytes
        self.expectedDigests = upload.expectedDigests
        self.expiresAt = upload.expiresAt
        self.parts = PartsMachine(layout: upload.layout, maximumBytes: upload.maximumBytes, bounds: bounds)
        for part in stored {
            parts.partRecorded(part.number, lengthBytes: part.range.length, layout: upload.layout)
        }
    }

    private var announcedBytes: Int64? { parts.layout.sizeBytes }

    // MARK: One stream through a one-shot link

    package enum StreamOfferAction: Hashable, Sendable {
        /// Claim the link, then write from byte 0.
        case claim(sizing: PieceSizing)
        case refuse(Refusal)
    }

    /// A request whose signature holds wants to send the whole file.
    package func streamOffered(declaredBytes: Int64?) -> StreamOfferAction {
        if isClaimed { return .refuse(.linkUsed) }
        switch state {
        case .granted, .receiving: break
        case .complete, .failed, .aborted, .expired: return .refuse(.linkUsed)
        }
        guard parts.stored.isEmpty, way == .parts else { return .refuse(.linkUsed) }
        switch streamBegan(declaredBytes: declaredBytes) {
        case .write(let sizing): return .claim(sizing: sizing)
        case .refuse(let refusal): return .refuse(refusal)
        }
    }

    package enum StreamBeginAction: Hashable, Sendable {
        /// Write from byte 0.
        case write(sizing: PieceSizing)
        case refuse(Refusal)
    }

    /// The link is claimed and the file is about to come. Whoever spends the link before its head is judged, as the
    /// signed PUT does, asks the catalog for the claim and then this.
    package func streamBegan(declaredBytes: Int64?) -> StreamBeginAction {
        guard let declaredBytes else {
            return .write(sizing: announcedBytes.map(PieceSizing.exactly) ?? .atMost(maximumBytes))
        }
        guard declaredBytes <= maximumBytes else { return .refuse(.tooLarge(maximumBytes: maximumBytes)) }
        if let announcedBytes, announcedBytes != declaredBytes {
            return .refuse(.size(announcedBytes: announcedBytes, gotBytes: declaredBytes))
        }
        return .write(sizing: .exactly(declaredBytes))
    }

    package mutating func claimed() {
        state = .receiving
        isClaimed = true
    }

    package enum StreamEndAction: Hashable, Sendable {
        case publish(sizeBytes: Int64)
        case refuse(Refusal)
    }

    /// The whole file is stored.
    package func streamEnded(lengthBytes: Int64) -> StreamEndAction {
        switch state {
        case .granted: return .refuse(.notStarted)
        case .receiving: break
        case .complete: return .refuse(.complete)
        case .failed, .aborted, .expired: return .refuse(.ended(state))
        }
        guard lengthBytes <= maximumBytes else { return .refuse(.tooLarge(maximumBytes: maximumBytes)) }
        if let announcedBytes, announcedBytes != lengthBytes {
            return .refuse(.size(announcedBytes: announcedBytes, gotBytes: lengthBytes))
        }
        return .publish(sizeBytes: lengthBytes)
    }

    // MARK: Parts

    /// A client is about to send a part.
    package func partOffered(_ number: Int, declaredBytes: Int64?, announcedCount: Int? = nil)
        -> PartsMachine.OfferAction
    {
        if let refusal = refusalOfParts { return .refuse(refusal) }
        return parts.partOffered(number, declaredBytes: declaredBytes, announcedCount: announcedCount)
    }

    /// All bytes of a part came and are stored.
    package func partEnded(_ number: Int, lengthBytes: Int64, announcedCount: Int? = nil) -> PartsMachine.EndAction {
        if let refusal = refusalOfParts { return .refuse(refusal) }
        return parts.partEnded(number, lengthBytes: lengthBytes, announcedCount: announcedCount)
    }

    package mutating func partRecorded(_ number: Int, lengthBytes: Int64, layout: PartLayout) {
        parts.partRecorded(number, lengthBytes: lengthBytes, layout: layout)
    }

    private var refusalOfParts: Refusal? {
        switch state {
        case .granted: .notStarted
        case .receiving: way == .parts ? (isClaimed ? .linkUsed : nil) : .way(way)
        case .complete: .complete
        case .failed, .aborted, .expired: .ended(state)
        }
    }

    // MARK: Bytes in order

    /// What a request says of the bytes that it brings.
    package struct AppendTerms: Hashable, Sendable {
        /// Where they go; `nil` while that is not to be judged.
        package var offset: Int64?
        /// How many they are, if the request says so.
        package var declaredBytes: Int64?
        /// The length of the whole file, if the request tells it.
        package var sizeBytes: Int64?
        /// Whether the file ends with them.
        package var endsFile: Bool
        /// What the whole file must have, if the request tells it.
        package var fileDigests: [DigestAlgorithm: Digest]

        package init(
            offset: Int64?, declaredBytes: Int64?, sizeBytes: Int64?, endsFile: Bool,
            fileDigests: [DigestAlgorithm: Digest] = [:]
        ) {
            self.offset = offset
            self.declaredBytes = declaredBytes
            self.sizeBytes = sizeBytes
            self.endsFile = endsFile
            self.fileDigests = fileDigests
        }
    }

    package enum AppendAction: Hashable, Sendable {
        /// Write from the offset, up to this byte of the file at most; and this is then known of its length.
        case write(upTo: Int64, learning: Int64?)
        case refuse(Refusal)
    }

    /// A request brings the next bytes.
    package func appendOffered(_ terms: AppendTerms) -> AppendAction {
        switch state {
        case .granted: return .refuse(.notStarted)
        case .complete: return .refuse(.complete)
        case .failed, .aborted, .expired: return .refuse(.ended(state))
        case .receiving: break
        }
        switch way {
        case .sequential, .partial: break
        case .joined: return .refuse(.way(way))
        // Nothing was decided yet: it may be filled this way too.
        case .parts:
            if isClaimed { return .refuse(.linkUsed) }
            guard receivedBytes == 0, parts.stored.isEmpty else { return .refuse(.way(way)) }
        }
        if let offset = terms.offset, offset != receivedBytes {
            return .refuse(.offset(expectedBytes: receivedBytes, providedBytes: offset))
        }
        var size = announcedBytes
        var told = [terms.sizeBytes]
        var end: Int64?
        // Without a place nothing is known of where they end.
        if let declared = terms.declaredBytes, let offset = terms.offset {
            let (sum, overflow) = offset.addingReportingOverflow(declared)
            end = overflow ? .max : sum
            if terms.endsFile { told.append(end) }
        }
        for case .some(let length) in told {
            guard size ?? length == length else {
                return .refuse(.length(announcedBytes: size ?? 0, toldBytes: length))
            }
            size = length
        }
        let most = size ?? maximumBytes
        guard most <= maximumBytes else { return .refuse(.tooLarge(maximumBytes: maximumBytes)) }
        guard most >= receivedBytes else {
            return .refuse(.length(announcedBytes: receivedBytes, toldBytes: most))
        }
        if let end, end > most { return .refuse(.tooLarge(maximumBytes: most)) }
        // What was said of the file first stands; another algorithm says something else of it.
        if let algorithm = expectedDigests.contradiction(with: terms.fileDigests) { return .refuse(.digest(algorithm)) }
        return .write(upTo: most, learning: size)
    }

    // MARK: The end

    package enum CompletionAction: Hashable, Sendable {
        case publish(sizeBytes: Int64)
        /// It is complete already; answer as before.
        case replay
        case refuse(Refusal)
    }

    /// The client says that it has sent everything.
    package func completionRequested() -> CompletionAction {
        switch state {
        case .complete: return .replay
        case .granted: return .refuse(.notStarted)
        case .failed, .aborted, .expired: return .refuse(.ended(state))
        case .receiving where way != .parts:
            guard way == .sequential else { return .refuse(way == .partial ? .way(way) : short) }
            // Of a file whose length nobody told it is the client that says where it ends.
            let size = announcedBytes ?? receivedBytes
            return receivedBytes == size ? .publish(sizeBytes: size) : .refuse(short)
        case .receiving:
            // A stream that is still running, or that broke, has no parts to complete from.
            if isClaimed { return .refuse(.missing([1...1])) }
            switch parts.completionRequested() {
            case .publish(let sizeBytes): return .publish(sizeBytes: sizeBytes)
            case .refuse(let refusal): return .refuse(refusal)
            }
        }
    }

    private var short: Refusal { .short(announcedBytes: announcedBytes, gotBytes: receivedBytes) }

    package mutating func completed() { state = .complete }

    package enum EndAction: Hashable, Sendable {
        /// Record the new state, then free the bytes.
        case discard(as: UploadState)
        /// It ended before; nothing to do.
        case nothing
        case refuse(Refusal)
    }

    /// The owner gives it up.
    package func abortRequested() -> EndAction {
        switch state {
        case .granted, .receiving: .discard(as: .aborted)
        case .complete: .refuse(.complete)
        case .failed, .aborted, .expired: .nothing
        }
    }

    /// Its bytes are wrong, or its one-shot transfer broke.
    package func transferFailed() -> EndAction { state.isOpen ? .discard(as: .failed) : .nothing }

    /// Time passed. A transfer that runs holds a lease; the engine asks only about uploads without one.
    package func timePassed(now: Timestamp) -> EndAction {
        state.isOpen && expiresAt <= now ? .discard(as: .expired) : .nothing
    }

    package mutating func ended(as state: UploadState) { self.state = state }
}
