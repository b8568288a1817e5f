import UploadModel
import UploadStore

extension CatalogConformance {
    static let quotaWalk: [Check] = [
        Check("after any changes what tenants hold is what their uploads add up to", walk)
    ]

    private static func walk(_ open: Open) async throws {
        for seed in [1, UInt64.random(in: 2 ... .max)] {
            var walk = QuotaWalk(catalog: try await open(), seed: seed)
            for step in 1...250 {
                do {
                    try await walk.step()
                } catch let failure as ConformanceFailure {
                    throw ConformanceFailure("seed \(seed), step \(step), \(walk.lastStep): \(failure)")
                }
            }
            try require(walk.refusedCount > 5, "some steps pass a quota; \(walk.refusedCount) of seed \(seed) did")
        }
    }
}

/// Changes uploads of two tenants by chance, and adds up what they hold in the plainest way.
private struct QuotaWalk {
    private struct Walked {
        let tenant: TenantID
        var state: UploadState
        var sizeBytes: Int64?
        var reservedBytes: Int64 = 0
        var isClaimed = false
        var partBytes: [Int: Int64] = [:]

        var heldBytes: Int64 { state == .receiving || state == .complete ? sizeBytes ?? reservedBytes : 0 }
    }

    private let catalog: any Catalog
    private var generator: SeededGenerator
    private var walked: [FileID: Walked] = [:]
    /// So that the same seed takes the same steps.
    private var order: [FileID] = []
    private(set) var lastStep = ""
    private(set) var refusedCount = 0

    init(catalog: any Catalog, seed: UInt64) {
        self.catalog = catalog
        generator = SeededGenerator(seed: seed)
        // Names of its own, for another walk in the same place.
        tenants = ["a\(seed)", "b\(seed)"].compactMap(TenantID.init)
    }

    private let tenants: [TenantID]

    private mutating func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func drawQuota() -> TenantQuota {
        TenantQuota(
            maximumStoredBytes: draw(0...3) == 0 ? nil : Int64(draw(500...3000)),
            maximumOpenBytes: draw(0...3) == 0 ? nil : Int64(draw(300...1500)))
    }

    mutating func step() async throws {
        let choice = draw(0...11)
        let id = order.isEmpty ? nil : order[draw(0...order.count - 1)]
        lastStep = "choice \(choice)"
        switch (choice, id) {
        case (0...2, _), (_, nil): try await create()
        case (3...4, let id?): try await claim(id)
        case (5...7, let id?): try await record(id)
        case (8, let id?): try await reserve(id)
        case (9, let id?): try await complete(id)
        case (10, let id?): try await end(id)
        case (_, let id?): try await delete(id)
        }
        for tenant in tenants {
            let own = walked.values.filter { $0.tenant == tenant }
            try await catalog.requireHeld(
                own.reduce(0) { $0 + $1.heldBytes },
                own.reduce(0) { $0 + ($1.state == .receiving ? $1.heldBytes : 0) }, of: tenant)
        }
    }

    private mutating func create() async throws {
        let tenant = tenants[draw(0...1)]
        let quota = draw(0...4) == 0 ? nil : drawQuota()
        var upload = try Sample.upload(
            draw(0...2) == 0 ? .granted : .receiving, of: tenant, sized: draw(0...1) == 0 ? Int64(draw(0...400)) : nil)
        if draw(0...9) == 0 { upload.originalID = .random() }
        let admission = Admission(maximumOpen: 1000, quota: quota, reservedBytes: Int64(draw(0...100)))
        let outcome = try await catalog.create(upload, within: admission)
        let needed = upload.layout.sizeBytes ?? max(1, admission.reservedBytes)
        if try await isRefused(upload.state == .granted ? nil : quota, needed, of: tenant) {
            guard case .overQuota = outcome else { throw ConformanceFailure("no room, but \(outcome)") }
            return
        }
        try requireEqual(outcome, .created)
        order.append(upload.fileID)
        walked[upload.fileID] = Walked(
            tenant: tenant, state: upload.state, sizeBytes: upload.layout.sizeBytes,
            reservedBytes: upload.state == .granted ? 0 : admission.reservedBytes)
    }

    private mutating func claim(_ id: FileID) async throws {
        guard var upload = walked[id] else { return }
        let quota = draw(0...4) == 0 ? nil : drawQuota()
        let admission = Admission(maximumOpen: 1000, quota: quota, reservedBytes: Int64(draw(0...100)))
        let outcome = try await catalog.claim(
            id, now: Sample.start, expiresAt: Sample.start, within: admission)
        let isGranted = upload.state == .granted
        guard isGranted || (upload.state == .receiving && !upload.isClaimed && upload.partBytes.isEmpty) else {
            guard case .taken = outcome else { throw ConformanceFailure("taken, but \(outcome)") }
            return
        }
        let needed =
            upload.sizeBytes.map { isGranted ? $0 : 0 } ?? max(1, admission.reservedBytes) - upload.reservedBytes
        if try await isRefused(quota, needed, of: upload.tenant) {
            guard case .overQuota = outcome else { throw ConformanceFailure("no room, but \(outcome)") }
            return
        }
        guard case .claimed = outcome else { throw ConformanceFailure("room, but \(outcome)") }
        upload.state = .receiving
        upload.isClaimed = true
        upload.reservedBytes = max(upload.reservedBytes, admission.reservedBytes)
        walked[id] = upload
    }

    private mutating func record(_ id: FileID) async throws {
        guard var upload = walked[id] else { return }
        let (number, bytes) = (draw(1...4), Int64(draw(0...200)))
        let quota = draw(0...3) == 0 ? nil : drawQuota()
        let learned = draw(0...4) == 0 ? Int64(draw(0...500)) : nil
        let outcome = try await catalog.record(
            Sample.part(number, bytes: bytes), of: id, learning: PartLayout(sizeBytes: learned), detectedType: nil,
            expiresAt: Sample.start, within: quota)
        guard upload.state == .receiving, !upload.isClaimed else {
            guard case .notReceiving = outcome else { throw ConformanceFailure("not receiving, but \(outcome)") }
            return
        }
        if let learned, let size = upload.sizeBytes, learned != size {
            guard case .conflict = outcome else { throw ConformanceFailure("a conflict, but \(outcome)") }
            return
        }
        let before = upload.heldBytes
        upload.partBytes[number] = bytes
        upload.sizeBytes = upload.sizeBytes ?? learned
        if quota != nil { upload.reservedBytes = upload.partBytes.values.reduce(0, +) }
        if try await isRefused(quota, upload.heldBytes - before, of: upload.tenant) {
            guard case .overQuota = outcome else { throw ConformanceFailure("no room, but \(outcome)") }
            return
        }
        guard case .recorded = outcome else { throw ConformanceFailure("room, but \(outcome)") }
        walked[id] = upload
    }

    private mutating func reserve(_ id: FileID) async throws {
        guard let upload = walked[id] else { return }
        let quota = drawQuota()
        let least = upload.reservedBytes + Int64(draw(-20...100))
        let wanted = least + Int64(draw(0...100))
        let outcome = try await catalog.reserve(id, atLeast: least, wanting: wanted, within: quota)
        guard upload.state == .receiving, upload.sizeBytes == nil else {
            return try requireEqual(outcome, .notReceiving(upload.state))
        }
        if try await isRefused(quota, least - upload.reservedBytes, of: upload.tenant) {
            guard case .overQuota = outcome else { throw ConformanceFailure("no room, but \(outcome)") }
            return
        }
        guard case .reserved(let reserved) = outcome else { throw ConformanceFailure("room, but \(outcome)") }
        try require(
            reserved >= max(least, upload.reservedBytes) && reserved <= max(wanted, upload.reservedBytes),
            "\(reserved) bytes of \(least) to \(wanted)")
        walked[id]?.reservedBytes = reserved
    }

    private mutating func complete(_ id: FileID) async throws {
        guard let upload = walked[id] else { return }
        let size = Int64(draw(0...400))
        let outcome = try await catalog.complete(id, with: Sample.completion(bytes: size), announcing: [])
        guard upload.state == .receiving else {
            guard case .refused = outcome else { throw ConformanceFailure("not receiving, but \(outcome)") }
            return
        }
        _ = try outcome.requireDone()
        walked[id]?.state = .complete
        walked[id]?.sizeBytes = size
        walked[id]?.partBytes = [:]
    }

    private mutating func end(_ id: FileID) async throws {
        guard let upload = walked[id] else { return }
        let state = [UploadState.failed, .aborted, .expired][draw(0...2)]
        let outcome = try await catalog.end(id, as: state, now: Sample.longAfter)
        guard upload.state.isOpen else {
            guard case .refused = outcome else { throw ConformanceFailure("ended, but \(outcome)") }
            return
        }
        _ = try outcome.requireDone()
        walked[id]?.state = state
    }

    /// Deletes a file, or what has ended.
    private mutating func delete(_ id: FileID) async throws {
        guard let upload = walked[id] else { return }
        if upload.state == .complete {
            let outcome = try await catalog.delete(id, of: upload.tenant, items: [], now: Sample.start, announcing: [])
            guard case .done = outcome else { throw ConformanceFailure("a file, but \(outcome)") }
            walked[id]?.state = .aborted
        } else {
            _ = try await catalog.forgetEnded(before: Sample.longAfter.adding(seconds: 1), limit: 1000)
            let ended = walked.filter { !$0.value.state.isOpen && $0.value.state != .complete }.keys
            for id in ended { walked[id] = nil }
            order.removeAll { walked[$0] == nil }
        }
    }

    /// Whether a quota has no room, as the uploads add up.
    private mutating func isRefused(_ quota: TenantQuota?, _ bytes: Int64, of tenant: TenantID) async throws -> Bool {
        let own = walked.values.filter { $0.tenant == tenant }
        let stored = own.reduce(0) { $0 + $1.heldBytes }
        let open = own.reduce(0) { $0 + ($1.state == .receiving ? $1.heldBytes : 0) }
        let isRefused =
            bytes > 0
            && (stored + bytes > quota?.maximumStoredBytes ?? .max || open + bytes > quota?.maximumOpenBytes ?? .max)
        if isRefused { refusedCount += 1 }
        return isRefused
    }
}
