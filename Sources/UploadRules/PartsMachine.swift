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
            self.maximumPartCount = maximumPartCount
        }
    }

    package private(set) var layout: PartLayout
    package private(set) var stored = ExtentSet()
    package private(set) var receivedBytes: Int64 = 0
    /// The part that is shorter than the others and so must be the last.
    private var shortPart: Int?
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
        case write(at: PartPlace, sizing: PartSizing)
        /// Keep the bytes aside: the place is not known yet, or a recorded part stands there.
        case setAside(sizing: PartSizing)
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
        switch (sizing, declaredBytes) {
        case (.exactly(let expected), .some(let got)) where got != expected:
            return .refuse(.partLength(expectedBytes: expected, gotBytes: got))
        case (.atMost(let most), .some(let got)) where got > most:
            return .refuse(.partTooLong(maximumBytes: most))
        default: break
        }
        let tightened = declaredBytes.map(PartSizing.exactly) ?? sizing
        guard let start = start(of: number, count: count) else {
            // The last of several parts says nothing about where it goes.
            return number == count ? .refuse(.partSizeUnknown) : .setAside(sizing: tightened)
        }
        if let end = checkedEnd(start, declaredBytes ?? 1), end > maximumBytes, declaredBytes ?? 1 > 0 {
            return .refuse(.tooLarge(maximumBytes: maximumBytes))
        }
        if stored.contains(number) { return .setAside(sizing: bounded(tightened, from: start)) }
        return .write(at: PartPlace(number: number, start: start), sizing: bounded(tightened, from: start))
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
        switch expectedLength(of: number, count: count) {
        case .exactly(let expected) where lengthBytes != expected:
            return .refuse(.partLength(expectedBytes: expected, gotBytes: lengthBytes))
        case .atMost(let most) where lengthBytes > most: return .refuse(.partTooLong(maximumBytes: most))
        default: break
        }
        let mayBeEmpty = number == 1 && (count ?? 1) == 1
        guard lengthBytes > 0 || mayBeEmpty else { return .refuse(.emptyPart) }

        var learned = layout
        if learned.partCount == nil { learned.partCount = announcedCount }
        if learned.partSizeBytes == nil {
            if number == learned.partCount, number > 1 { return .refuse(.partSizeUnknown) }
            learned.partSizeBytes = lengthBytes
        }
        guard let partSize = learned.partSizeBytes else { return .refuse(.partSizeUnknown) }
        let start = Int64(number - 1) * partSize
        guard let end = checkedEnd(start, lengthBytes), end <= maximumBytes else {
            return .refuse(.tooLarge(maximumBytes: maximumBytes))
        }
        if let count = learned.partCount, number == count {
            learned.sizeBytes = end
        } else if let last = stored.last, number < last, lengthBytes != partSize {
            return .refuse(.partLength(expectedBytes: partSize, gotBytes: lengthBytes))
        }
        return .record(ByteRange(start: start, length: lengthBytes), learning: learned)
    }

    /// A part is recorded in the catalog, with the layout that stands there now.
    package mutating func partRecorded(_ number: Int, lengthBytes: Int64, layout: PartLayout) {
        self.layout = layout
        receivedBytes += lengthBytes - (lengths.updateValue(lengthBytes, forKey: number) ?? 0)
        stored.insert(number)
        if let partSize = layout.partSizeBytes {
            if lengthBytes < partSize {
                shortPart = number
            } else if shortPart == number {
                shortPart = nil
            }
        }
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
        let partSize = layout.partSizeBytes ?? 0
        return Int64(run - 1) * partSize + (lengths[run] ?? 0)
    }

    package enum CompletionAction: Hashable, Sendable {
        case publish(sizeBytes: Int64)
        case refuse(Refusal)
    }

    /// The client says that it has sent everything.
    package func completionRequested() -> CompletionAction {
        let missing = missing
        guard missing.isEmpty else { return .refuse(.missing(missing)) }
        // Two requests may have sent a short part and one behind it at the same time.
        if let partSize = layout.partSizeBytes, let last = stored.last,
            let short = lengths.first(where: { $0.key < last && $0.value != partSize })
        {
            return .refuse(.partLength(expectedBytes: partSize, gotBytes: short.value))
        }
        if let announced = layout.sizeBytes, announced != receivedBytes {
            return .refuse(.size(announcedBytes: announced, gotBytes: receivedBytes))
        }
        return .publish(sizeBytes: receivedBytes)
    }

    // MARK: Arithmetic

    private func numberRefusal(_ number: Int, announcedCount: Int?) -> Refusal? {
        if let announcedCount {
            guard (1...bounds.maximumPartCount).contains(announcedCount) else {
                return .partNumber(allowed: 1...bounds.maximumPartCount)
            }
            if let known = layout.partCount, known != announcedCount { return .partCount(announced: known) }
        }
        let last = layout.partCount ?? announcedCount ?? shortPart ?? bounds.maximumPartCount
        guard last >= 1 else { return .partCount(announced: 0) }
        return (1...last).contains(number) ? nil : .partNumber(allowed: 1...last)
    }

    private func expectedLength(of number: Int, count: Int?) -> PartSizing {
        guard let partSize = layout.partSizeBytes else {
            return .atMost(min(bounds.maximumPartBytes, maximumBytes))
        }
        if let size = layout.sizeBytes {
            let start = Int64(number - 1) * partSize
            return .exactly(max(0, min(partSize, size - start)))
        }
        if let count, number < count { return .exactly(partSize) }
        if count == nil, let last = stored.last, number < last { return .exactly(partSize) }
        return .atMost(partSize)
    }

    private func start(of number: Int, count: Int?) -> Int64? {
        if number == 1 { return 0 }
        return layout.partSizeBytes.map { Int64(number - 1) * $0 }
    }

    private func checkedEnd(_ start: Int64, _ length: Int64) -> Int64? {
        let (end, overflow) = start.addingReportingOverflow(length)
        return overflow ? nil : end
    }

    private func bounded(_ sizing: PartSizing, from start: Int64) -> PartSizing {
        guard case .atMost(let most) = sizing else { return sizing }
        return .atMost(min(most, max(0, maximumBytes - start)))
    }
}

/// Where a part goes: its number and its first byte.
package struct PartPlace: Hashable, Sendable {
    package let number: Int
    package let start: Int64

    package init(number: Int, start: Int64) {
        self.number = number
        self.start = start
    }
}

/// What length a part must have, in bytes.
package enum PartSizing: Hashable, Sendable {
    case exactly(Int64)
    case atMost(Int64)
}
