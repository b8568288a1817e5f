import UploadModel

@testable import UploadRules

/// What a walk found that should not be, with what it takes to see it again.
struct WalkFault: Error, CustomStringConvertible {
    let description: String
}

/// A random life of an upload: the machine and the naive model get the same events and must answer the same.
struct UploadWalk {
    /// A part that was judged and whose record comes later: two requests race.
    private struct Pending {
        var number: Int
        var length: Int64
        var learned: PartLayout
    }

    private var random: SeededGenerator
    private let note: String
    private let scale: Int64
    private var record: UploadRecord
    private let bounds: PartsMachine.Bounds
    private var machine: UploadMachine
    private var model: NaiveUpload
    private var pending: [Pending] = []
    private(set) var recorded = 0

    private static let born = Timestamp(milliseconds: 1_000_000)

    init(seed: UInt64, template: UploadRecord) {
        random = SeededGenerator(seed: seed)
        note = "walk with seed \(seed)"
        // Small numbers find the borders between parts, huge ones the ends of the number range.
        scale = random.once(in: 4) ? 1 << (56 + Int64(random.below(5))) : 1
        let partBytes = Int64(random.below(6) + 1) * scale
        let count = random.below(7) + 1
        let unit = Int64(random.below(6)) * scale
        let size = Int64(random.below(24)).multipliedReportingOverflow(by: scale)
        let sizeBytes = size.overflow || size.partialValue < 0 ? Int64.max : size.partialValue
        var limits = UploadLimits()
        limits.defaultPartBytes = partBytes
        limits.maximumPartBytes = .max
        limits.maximumPartCount = 9
        let layout: PartLayout? =
            switch random.below(7) {
            case 0, 1:
                PartPlan.layout(sizeBytes: sizeBytes, wantedPartBytes: nil, limits: limits, minimumPartBytes: 1)
            case 2: PartLayout(partSizeBytes: partBytes)
            case 3: PartLayout(partCount: count)
            case 4: PartLayout(partSizeBytes: partBytes, partCount: count)
            case 5: PartLayout(sizeBytes: random.once(in: 2) ? sizeBytes : nil)
            default: PartLayout()
            }
        let most = random.once(in: 2) ? Int64.max : (unit > 0 ? unit : 20)
        record = template
        record.layout = layout ?? PartLayout()
        record.maximumBytes = max(most, record.layout.sizeBytes ?? 0)
        record.state = random.once(in: 6) ? .granted : .receiving
        record.expiresAt = Self.born.adding(seconds: 100)
        bounds = PartsMachine.Bounds(
            maximumPartBytes: random.once(in: 4) ? 5 * scale : .max, maximumPartCount: 9)
        machine = UploadMachine(restoring: record, parts: [], bounds: bounds)
        model = NaiveUpload(
            state: record.state, layout: record.layout, mostBytes: record.maximumBytes,
            mostPartBytes: bounds.maximumPartBytes, mostParts: bounds.maximumPartCount, expiresAt: record.expiresAt)
    }

    mutating func walk(steps: Int) throws(WalkFault) {
        for _ in 0..<steps {
            try step()
        }
        try checkEverything()
    }

    private func same<Value: Equatable>(_ got: Value, _ wanted: Value, _ event: @autoclosure () -> String)
        throws(WalkFault)
    {
        if got == wanted { return }
        throw WalkFault(
            description: "\(note), \(event()): \(got), the model says \(wanted); \(model.layout), "
                + "parts \(model.parts), at most \(model.mostBytes), \(model.state)")
    }

    private mutating func step() throws(WalkFault) {
        switch random.below(32) {
        case 0: try stream()
        case 1: try complete()
        case 2: try age()
        case 3: try give(up: machine.abortRequested(), model.abort(), "abort")
        case 4: try give(up: machine.transferFailed(), model.failure(), "failure")
        case 5...7: try recordPending()
        case 8: try checkEverything()
        default: try part()
        }
    }

    // MARK: Events

    private mutating func number() -> Int {
        switch random.below(40) {
        case 0: 0
        case 1: -1 - random.below(5)
        case 2: Int.max
        case 3: Int.min
        default: random.below(9) + 1
        }
    }

    private mutating func length(of number: Int) -> Int64 {
        if let partBytes = model.layout.partSizeBytes, !random.once(in: 5) {
            guard let size = model.layout.sizeBytes, number > 0, number < 10 else { return partBytes }
            return Int64(max(0, min(Int128(partBytes), Int128(size) - model.start(of: number))))
        }
        return switch random.below(24) {
        case 0: 0
        case 1: Int64.max
        case 2: Int64.max - 1
        case 3: -1
        default: Int64(random.below(6) + 1) * scale
        }
    }

    private mutating func part() throws(WalkFault) {
        let number = number()
        let length = length(of: number)
        var announced: Int?
        if random.once(in: 2) { announced = model.layout.partCount ?? (random.once(in: 3) ? random.below(12) - 1 : 6) }
        let declared = random.once(in: 2) ? length : nil
        let offer = machine.partOffered(number, declaredBytes: declared, announcedCount: announced)
        try same(
            offer, model.offer(number, declared: declared, announced: announced),
            "offer of \(number), \(String(describing: declared)) bytes of \(String(describing: announced)) parts")
        try checkPlace(offer)
        let end = machine.partEnded(number, lengthBytes: length, announcedCount: announced)
        try same(
            end, model.end(number, length: length, announced: announced),
            "end of \(number), \(length) bytes of \(String(describing: announced)) parts")
        if random.once(in: 8) { try checkNear(number, length, declared, announced, offer, end) }
        guard case .record(let range, let learned) = end else { return }
        try checkRange(range, of: number, learned)
        let part = Pending(number: number, length: length, learned: learned)
        if random.once(in: 4) { pending.append(part) } else { try keep(part) }
    }

    private mutating func recordPending() throws(WalkFault) {
        guard let part = pending.popLast() else { return }
        try keep(part)
    }

    /// As a catalog does it: only while parts may come, and only what agrees with what stands.
    private mutating func keep(_ part: Pending) throws(WalkFault) {
        func agree<Value: Equatable>(_ one: Value?, _ other: Value?) -> Bool {
            one == nil || other == nil || one == other
        }
        let standing = model.layout
        guard model.state == .receiving, !model.isClaimed,
            agree(standing.partSizeBytes, part.learned.partSizeBytes),
            agree(standing.partCount, part.learned.partCount), agree(standing.sizeBytes, part.learned.sizeBytes)
        else { return }
        model.layout = PartLayout(
            partSizeBytes: standing.partSizeBytes ?? part.learned.partSizeBytes,
            partCount: standing.partCount ?? part.learned.partCount,
            sizeBytes: standing.sizeBytes ?? part.learned.sizeBytes)
        model.parts[part.number] = part.length
        machine.partRecorded(part.number, lengthBytes: part.length, layout: model.layout)
        recorded += 1
        try same(Int128(machine.parts.receivedBytes), model.sum, "received")
        try same(Int128(machine.parts.prefixBytes), model.prefix, "prefix")
        try same(machine.parts.isWhole, model.isWhole, "whole")
    }

    private mutating func stream() throws(WalkFault) {
        let declared = random.once(in: 2) ? nil : length(of: 1)
        let offer = machine.streamOffered(declaredBytes: declared)
        try same(offer, model.streamOffer(declared: declared), "stream of \(String(describing: declared)) bytes")
        if case .claim = offer, random.once(in: 4) {
            machine.claimed()
            model.state = .receiving
            model.isClaimed = true
        }
        let length = length(of: 1)
        let end = machine.streamEnded(lengthBytes: length)
        try same(end, model.streamEnd(length: length), "end of the stream")
        if case .publish = end, model.isClaimed, random.once(in: 2) { finish() }
    }

    private mutating func complete() throws(WalkFault) {
        let action = machine.completionRequested()
        try same(action, model.completion(), "completion")
        guard case .publish(let sizeBytes) = action else { return }
        // What is published has no hole: it all can be read from its first byte on.
        try same(Int128(sizeBytes), model.prefix, "published size")
        if random.once(in: 3) { finish() }
    }

    private mutating func finish() {
        machine.completed()
        model.state = .complete
    }

    private mutating func age() throws(WalkFault) {
        let now = record.expiresAt.adding(seconds: Int64(random.below(5)) - 3)
        try give(up: machine.timePassed(now: now), model.aging(now: now), "time")
    }

    private mutating func give(up got: UploadMachine.EndAction, _ wanted: UploadMachine.EndAction, _ event: String)
        throws(WalkFault)
    {
        try same(got, wanted, event)
        guard case .discard(let state) = got, random.once(in: 10) else { return }
        machine.ended(as: state)
        model.state = state
    }

    // MARK: What always holds

    /// Bytes are written in place only where none are recorded, and never beyond the most.
    private func checkPlace(_ offer: PartsMachine.OfferAction) throws(WalkFault) {
        guard case .write(let place, let sizing) = offer else { return }
        let length: Int64 =
            switch sizing {
            case .exactly(let bytes), .atMost(let bytes): bytes
            }
        try checkFree(Int128(place.start), Int128(place.start) + Int128(length), but: nil, partSize: model.partSize)
    }

    private func checkRange(_ range: ByteRange, of number: Int, _ learned: PartLayout) throws(WalkFault) {
        try checkFree(
            Int128(range.start), Int128(range.start) + Int128(range.length), but: number,
            partSize: learned.partSizeBytes.map { Int128($0) })
    }

    private func checkFree(_ start: Int128, _ end: Int128, but own: Int?, partSize: Int128?) throws(WalkFault) {
        try same(start >= 0 && end <= Int128(model.mostBytes), true, "bytes \(start)..<\(end) are in the file")
        for (number, length) in model.parts where number != own {
            let other = Int128(number - 1) * (partSize ?? 0)
            let isApart = end <= other || other + Int128(length) <= start
            try same(isApart, true, "bytes \(start)..<\(end) are not those of part \(number)")
        }
    }

    /// The engine restores only the part in question and the highest one; that must suffice to judge.
    private func checkNear(
        _ number: Int, _ length: Int64, _ declared: Int64?, _ announced: Int?, _ offer: PartsMachine.OfferAction,
        _ end: PartsMachine.EndAction
    ) throws(WalkFault) {
        let near = restored { $0 == number || $0 == model.highest }
        try same(
            near.partOffered(number, declaredBytes: declared, announcedCount: announced), offer, "offer, seen from near"
        )
        try same(
            near.partEnded(number, lengthBytes: length, announcedCount: announced), end, "end, seen from near")
    }

    private func checkEverything() throws(WalkFault) {
        try same(machine.state, model.state, "state")
        try same(machine.isClaimed, model.isClaimed, "claim")
        try same(machine.parts.layout, model.layout, "layout")
        try same(Int128(machine.parts.receivedBytes), model.sum, "received")
        try same(Int128(machine.parts.prefixBytes), model.prefix, "prefix")
        try same(machine.parts.missing, model.missing, "missing")
        try same(machine.parts.isWhole, model.isWhole, "whole")
        try same(machine.completionRequested(), model.completion(), "completion")
        try same(machine, restored { _ in true }, "the machine, restored from the record")
    }

    private func restored(_ isWanted: (Int) -> Bool) -> UploadMachine {
        var upload = record
        upload.state = model.state
        upload.claimedAt = model.isClaimed ? Self.born : nil
        upload.layout = model.layout
        // A dictionary gives them in any order, and any order must do.
        let parts = model.parts.filter { isWanted($0.key) }.map { number, length in
            StoredPart(
                number: number, range: ByteRange(start: Int64(model.start(of: number)), length: length),
                crc32c: .empty, token: .inPlace)
        }
        return UploadMachine(restoring: upload, parts: parts, bounds: bounds)
    }
}
