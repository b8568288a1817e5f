package import UploadModel

/// What of an upload that is cut into parts is here, and where the next part goes.
///
/// Parts are numbered from 1 and all but the last have one size. What is not known at first (the part size of the
/// chunks API, the number of parts of an upload of unknown size) is learned from the parts that come.
package struct PartsMachine: Hashable, Sendable {
    /// Bounds on parts; from ``UploadLimits`` and the byte store's needs.
    package struct Bounds: Hashable, Sendable {
        package var maximumPartBytes: Int64
        package var maximumPartCount: Int

        package init(maximumPartBytes: Int64, maximumPartCount: Int) {
            self.maximumPartBytes = maximumPartBytes
            self.maximumPartCount = max(1, maximumPartCount)
        }
    }

    package private(set) var layout: PartLayout
    package private(set) var stored = ExtentSet()
    package private(set) var receivedBytes: Int64 = 0
    /// Recorded parts that have not the length of the others, ascending. One that stands last is the file's end; any
    /// other got there when two requests raced, and must be sent again.
    private var uneven: [Int] = []
    private var lengths: [Int: Int64] = [:]
    private let maximumBytes: Int64
    private let bounds: Bounds

    package init(layout: PartLayout, maximumBytes: Int64, bounds: Bounds) {
        self.layout = layout
        self.maximumBytes = maximumBytes
        self.bounds = bounds
    }

    // MARK: Events

    package enum OfferAction: Hashable, Sendable {
        /// Write at this place; nothing is recorded there.
        case write(at: PiecePlace, sizing: PieceSizing)
        /// Keep the bytes aside: the place is not known yet, or a recorded part stands there.
        case setAside(sizing: PieceSizing)
        case refuse(Refusal)
    }

    /// A client is about to send a part.
    ///
    /// - Parameters:
    ///   - number: from 1.
    ///   - declaredBytes: the length that the client named, if it did.
    ///   - announcedCount: how many parts the client says there are, if it does.
    package func partOffered(_ number: Int, declaredBytes: Int64?, announcedCount: Int?) -> OfferAction {
        if let refusal = numberRefusal(number, announcedCount: announcedCount) { return .refuse(refusal) }
        let count = layout.partCount ?? announcedCount
        let sizing = expectedLength(of: number, count: count)
        let tightened = declaredBytes.map(PieceSizing.exactly) ?? sizing
        var leastBytes: Int64 = mayBeEmpty(number, count: count) ? 0 : 1
        if case .exactly(let length) = tightened {
            if let refusal = lengthRefusal(length, of: number, count: count) { return .refuse(refusal) }
            leastBytes = length
        }
        // Until a part told the part size, one that comes later may settle that the next part begins inside this one.
        guard layout.partSizeBytes != nil || count == 1 else {
            // The last of several parts says nothing about where it goes.
            return number == count ? .refuse(.partSizeUnknown) : .setAside(sizing: tightened)
        }
        guard let place = range(of: number, partSize: layout.partSizeBytes ?? 0, length: leastBytes) else {
            return .refuse(.tooLarge(maximumBytes: maximumBytes))
        }
        let bounded = bounded(tightened, from: place.start)
        if stored.contains(number) { return .setAside(sizing: bounded) }
        return .write(at: PiecePlace(number: number, start: place.start), sizing: bounded)
    }

    package enum EndAction: Hashable, Sendable {
        /// Record the part at this range, and what its length taught.
        case record(ByteRange, learning: PartLayout)
        case refuse(Refusal)
    }

    /// All bytes of a part came. Asked with what is known *now*: other parts may have come meanwhile.
    package func partEnded(_ number: Int, lengthBytes: Int64, announcedCount: Int?) -> EndAction {
        if let refusal = numberRefusal(number, announcedCount: announcedCount) { return .refuse(refusal) }
        let count = layout.partCount ?? announcedCount
        if let refusal = lengthRefusal(lengthBytes, of: number, count: count) { return .refuse(refusal) }
        if layout.partSizeBytes == nil, number == count, number > 1 { return .refuse(.partSizeUnknown) }
        let partSize = layout.partSizeBytes ?? lengthBytes
        guard let range = range(of: number, partSize: partSize, length: lengthBytes) else {
            return .refuse(.tooLarge(maximumBytes: maximumBytes))
        }
        var learned = PartLayout(partSizeBytes: partSize, partCount: count, sizeBytes: layout.sizeBytes)
        if number == count {
            learned.sizeBytes = range.end
        } else if let count, count == stored.last, let length = lengths[count] {
            // The last part came before anyone said that it is the last.
            learned.sizeBytes = Int64(count - 1) * partSize + length
        }
        if let announced = layout.sizeBytes {
            // Every part behind this one has a byte at least.
            let behind = Int64((count ?? number) - number)
            guard learned.sizeBytes == announced, announced - range.end >= behind else {
                return .refuse(.size(announcedBytes: announced, gotBytes: range.end))
            }
        }
        return .record(range, learning: learned)
    }

    /// A part is recorded in the catalog, with the layout that stands there now.
    package mutating func partRecorded(_ number: Int, lengthBytes: Int64, layout: PartLayout) {
        self.layout = layout
        receivedBytes += lengthBytes - (lengths.updateValue(lengthBytes, forKey: number) ?? 0)
        stored.insert(number)
        let place = uneven.firstIndex { $0 >= number } ?? uneven.endIndex
        if place < uneven.endIndex, uneven[place] == number { uneven.remove(at: place) }
        if let partSize = layout.partSizeBytes, lengthBytes != partSize { uneven.insert(number, at: place) }
    }

    // MARK: Questions

    /// Whether every part is here. Never true of an upload whose number of parts only its client knows.
    package var isWhole: Bool {
        guard let count = layout.partCount else { return false }
        return stored.run(from: 1) >= count
    }

    /// The numbers of the parts that are missing. Of an upload of unknown size: the gaps below its highest part.
    package var missing: [ClosedRange<Int>] {
        if let count = layout.partCount { return count == 0 ? [] : stored.gaps(in: 1...count) }
        guard let last = stored.last else { return [1...1] }
        return stored.gaps(in: 1...last)
    }

    /// Bytes from the start without a gap: the offset that a sequential client resumes from.
    package var prefixBytes: Int64 {
        let run = stored.run(from: 1)
        guard run > 0 else { return 0 }
        let last = min(run, uneven.first ?? run)
        return Int64(last - 1) * (layout.partSizeBytes ?? 0) + (lengths[last] ?? 0)
    }

    package enum CompletionAction: Hashable, Sendable {
        case publish(sizeBytes: Int64)
        case refuse(Refusal)
    }

    /// The client says that it has sent everything.
    package func completionRequested() -> CompletionAction {
        let missing = missing
        guard missing.isEmpty else { return .refuse(.missing(missing)) }
        // Two requests may have come at the same time: one with a part, the other saying that it ends before.
        if let count = layout.partCount, let last = stored.last, last > count {
            return .refuse(.partCount(announced: count))
        }
        // Or one with a short part, the other with a part behind it.
        if let partSize = layout.partSizeBytes, let last = stored.last,
            let short = uneven.first, short < last, let length = lengths[short]
        {
            return .refuse(.partLength(expectedBytes: partSize, gotBytes: length))
        }
        if let announced = layout.sizeBytes, announced != receivedBytes {
            return .refuse(.size(announcedBytes: announced, gotBytes: receivedBytes))
        }
        return .publish(sizeBytes: receivedBytes)
    }

    // MARK: Arithmetic

    /// The highest recorded part when it is shorter than the others: nothing can come behind it.
    private var end: Int? { uneven.last == stored.last ? stored.last : nil }

    private func numberRefusal(_ number: Int, announcedCount: Int?) -> Refusal? {
        if let known = layout.partCount {
            if let announcedCount, known != announcedCount { return .partCount(announced: known) }
        } else if let announcedCount {
            guard (1...bounds.maximumPartCount).contains(announcedCount) else {
                return .partNumber(allowed: 1...bounds.maximumPartCount)
            }
            if let last = stored.last, announcedCount < last || announcedCount != end ?? announcedCount {
                return .partCount(announced: last)
            }
        }
        let last = layout.partCount ?? announcedCount ?? end ?? bounds.maximumPartCount
        guard last >= 1 else { return .partCount(announced: 0) }
        return (1...last).contains(number) ? nil : .partNumber(allowed: 1...last)
    }

    private func lengthRefusal(_ lengthBytes: Int64, of number: Int, count: Int?) -> Refusal? {
        switch expectedLength(of: number, count: count) {
        case .exactly(let expected) where lengthBytes != expected:
            return .partLength(expectedBytes: expected, gotBytes: lengthBytes)
        case .atMost(let most) where lengthBytes > most: return .partTooLong(maximumBytes: most)
        default:
            let isLongEnough = lengthBytes > 0 || lengthBytes == 0 && mayBeEmpty(number, count: count)
            return isLongEnough ? nil : .emptyPart
        }
    }

    /// An empty file still has one part.
    private func mayBeEmpty(_ number: Int, count: Int?) -> Bool { number == 1 && (count ?? 1) == 1 }

    private func expectedLength(of number: Int, count: Int?) -> PieceSizing {
        guard let partSize = layout.partSizeBytes else {
            return .atMost(min(bounds.maximumPartBytes, maximumBytes, layout.sizeBytes ?? .max))
        }
        if let size = layout.sizeBytes {
            let (start, overflow) = Int64(number - 1).multipliedReportingOverflow(by: partSize)
            return .exactly(overflow ? 0 : max(0, min(partSize, size - start)))
        }
        if let count, number < count { return .exactly(partSize) }
        if count == nil, let last = stored.last, number < last { return .exactly(partSize) }
        return .atMost(partSize)
    }

    /// Where a part stands; `nil` when it would end beyond the most bytes that the file may have.
    private func range(of number: Int, partSize: Int64, length: Int64) -> ByteRange? {
        let (start, overflow) = Int64(number - 1).multipliedReportingOverflow(by: partSize)
        guard !overflow, start <= maximumBytes, length <= maximumBytes - start else { return nil }
        return ByteRange(start: start, length: length)
    }

    private func bounded(_ sizing: PieceSizing, from start: Int64) -> PieceSizing {
        guard case .atMost(let most) = sizing else { return sizing }
        return .atMost(min(most, max(0, maximumBytes - start)))
    }
}
