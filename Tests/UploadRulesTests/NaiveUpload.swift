import UploadModel

@testable import UploadRules

/// The rules once more, written for clearness: a dictionary of parts, everything else worked out anew each time,
/// in numbers that cannot overflow.
struct NaiveUpload {
    var state: UploadState
    var isClaimed = false
    var layout: PartLayout
    var parts: [Int: Int64] = [:]
    let mostBytes: Int64
    let mostPartBytes: Int64
    let mostParts: Int
    let expiresAt: Timestamp

    var partSize: Int128? { layout.partSizeBytes.map { Int128($0) } }
    var highest: Int? { parts.keys.max() }
    var sum: Int128 { parts.values.reduce(0) { $0 + Int128($1) } }

    /// The highest part, when it is shorter than the others.
    var end: Int? {
        guard let highest, let length = parts[highest], length != layout.partSizeBytes else { return nil }
        return highest
    }

    // MARK: Where parts stand

    func start(of number: Int) -> Int128 { Int128(number - 1) * (partSize ?? 0) }

    /// By walking from part to part for as long as one begins where the one before ended.
    var prefix: Int128 {
        var offset: Int128 = 0
        var number = 1
        while let length = parts[number], start(of: number) == offset {
            offset += Int128(length)
            number += 1
        }
        return offset
    }

    var missing: [ClosedRange<Int>] {
        var missing: [ClosedRange<Int>] = []
        for number in 1...max(1, layout.partCount ?? highest ?? 1) where parts[number] == nil {
            if let last = missing.last, last.upperBound == number - 1 {
                missing[missing.count - 1] = last.lowerBound...number
            } else {
                missing.append(number...number)
            }
        }
        return missing
    }

    var isWhole: Bool { layout.partCount != nil && missing.isEmpty }

    // MARK: Parts

    private var closed: Refusal? {
        if state == .granted { return .notStarted }
        if state == .complete { return .complete }
        if state != .receiving { return .ended(state) }
        return isClaimed ? .linkUsed : nil
    }

    private func wrongNumber(_ number: Int, _ announced: Int?) -> Refusal? {
        if let announced, let count = layout.partCount, announced != count { return .partCount(announced: count) }
        if let announced, layout.partCount == nil {
            if announced < 1 || announced > mostParts { return .partNumber(allowed: 1...mostParts) }
            if let highest, announced < highest { return .partCount(announced: highest) }
            if let end, announced != end { return .partCount(announced: end) }
        }
        let top = layout.partCount ?? announced ?? end ?? mostParts
        return number >= 1 && number <= top ? nil : .partNumber(allowed: 1...top)
    }

    private struct Lengths {
        var fewest: Int128
        var most: Int128
        var isFixed: Bool

        func refusal(of length: Int64) -> Refusal? {
            if isFixed, Int128(length) != most {
                return .partLength(expectedBytes: Int64(most), gotBytes: length)
            }
            if Int128(length) > most { return .partTooLong(maximumBytes: Int64(most)) }
            return Int128(length) < fewest ? .emptyPart : nil
        }
    }

    private func lengths(of number: Int, count: Int?) -> Lengths {
        let fewest: Int128 = number == 1 && (count == nil || count == 1) ? 0 : 1
        guard let partSize else {
            let most = [mostPartBytes, mostBytes, layout.sizeBytes ?? .max].min() ?? 0
            return Lengths(fewest: fewest, most: Int128(most), isFixed: false)
        }
        if let size = layout.sizeBytes {
            let left = Int128(size) - start(of: number)
            return Lengths(fewest: fewest, most: left < 0 ? 0 : left < partSize ? left : partSize, isFixed: true)
        }
        let isInside = number < count ?? highest ?? 0
        return Lengths(fewest: fewest, most: partSize, isFixed: isInside)
    }

    func offer(_ number: Int, declared: Int64?, announced: Int?) -> PartsMachine.OfferAction {
        if let closed { return .refuse(closed) }
        if let wrong = wrongNumber(number, announced) { return .refuse(wrong) }
        let count = layout.partCount ?? announced
        let lengths = lengths(of: number, count: count)
        let known = declared ?? (lengths.isFixed ? Int64(lengths.most) : nil)
        if let known, let refusal = lengths.refusal(of: known) { return .refuse(refusal) }
        if partSize == nil, count != 1 {
            if number == count { return .refuse(.partSizeUnknown) }
            return .setAside(sizing: known.map(PieceSizing.exactly) ?? .atMost(Int64(lengths.most)))
        }
        let room = Int128(mostBytes) - start(of: number)
        if room < (known.map { Int128($0) } ?? lengths.fewest) { return .refuse(.tooLarge(maximumBytes: mostBytes)) }
        let sizing = known.map(PieceSizing.exactly) ?? .atMost(Int64(min(lengths.most, room)))
        if parts[number] != nil { return .setAside(sizing: sizing) }
        return .write(at: PiecePlace(number: number, start: Int64(start(of: number))), sizing: sizing)
    }

    func end(_ number: Int, length: Int64, announced: Int?) -> PartsMachine.EndAction {
        if let closed { return .refuse(closed) }
        if let wrong = wrongNumber(number, announced) { return .refuse(wrong) }
        let count = layout.partCount ?? announced
        if let refusal = lengths(of: number, count: count).refusal(of: length) { return .refuse(refusal) }
        if partSize == nil, number != 1, number == count { return .refuse(.partSizeUnknown) }

        var after = self
        after.layout.partSizeBytes = layout.partSizeBytes ?? length
        after.layout.partCount = count
        let start = after.start(of: number)
        let end = start + Int128(length)
        if end > Int128(mostBytes) { return .refuse(.tooLarge(maximumBytes: mostBytes)) }
        after.parts[number] = length
        var total = layout.sizeBytes.map { Int128($0) }
        if let count, number == count || highest == count, let last = after.parts[count] {
            total = after.start(of: count) + Int128(last)
        }
        if let announced = layout.sizeBytes {
            let fewestBehind = Int128(count ?? number) - Int128(number)
            if total != Int128(announced) || end + fewestBehind > Int128(announced) {
                return .refuse(.size(announcedBytes: announced, gotBytes: Int64(end)))
            }
        }
        after.layout.sizeBytes = total.map { Int64($0) }
        return .record(ByteRange(start: Int64(start), length: length), learning: after.layout)
    }

    // MARK: The life of the upload

    func completion() -> UploadMachine.CompletionAction {
        if state == .complete { return .replay }
        if state == .granted { return .refuse(.notStarted) }
        if state != .receiving { return .refuse(.ended(state)) }
        if isClaimed { return .refuse(.missing([1...1])) }
        if !missing.isEmpty { return .refuse(.missing(missing)) }
        if let count = layout.partCount, let highest, highest > count { return .refuse(.partCount(announced: count)) }
        for (number, length) in parts.sorted(by: { $0.key < $1.key }) {
            if let size = layout.partSizeBytes, let highest, number < highest, length != size {
                return .refuse(.partLength(expectedBytes: size, gotBytes: length))
            }
        }
        if let size = layout.sizeBytes, Int128(size) != sum {
            return .refuse(.size(announcedBytes: size, gotBytes: Int64(sum)))
        }
        return .publish(sizeBytes: Int64(sum))
    }

    func streamOffer(declared: Int64?) -> UploadMachine.StreamOfferAction {
        let isFree = (state == .granted || state == .receiving) && !isClaimed && parts.isEmpty
        guard isFree else { return .refuse(.linkUsed) }
        guard let declared else {
            return .claim(sizing: layout.sizeBytes.map(PieceSizing.exactly) ?? .atMost(mostBytes))
        }
        if declared > mostBytes { return .refuse(.tooLarge(maximumBytes: mostBytes)) }
        if let size = layout.sizeBytes, size != declared {
            return .refuse(.size(announcedBytes: size, gotBytes: declared))
        }
        return .claim(sizing: .exactly(declared))
    }

    func streamEnd(length: Int64) -> UploadMachine.StreamEndAction {
        if state == .granted { return .refuse(.notStarted) }
        if state == .complete { return .refuse(.complete) }
        if state != .receiving { return .refuse(.ended(state)) }
        if length > mostBytes { return .refuse(.tooLarge(maximumBytes: mostBytes)) }
        if let size = layout.sizeBytes, size != length {
            return .refuse(.size(announcedBytes: size, gotBytes: length))
        }
        return .publish(sizeBytes: length)
    }

    private var isOpen: Bool { state == .granted || state == .receiving }

    func abort() -> UploadMachine.EndAction {
        if state == .complete { return .refuse(.complete) }
        return isOpen ? .discard(as: .aborted) : .nothing
    }

    func failure() -> UploadMachine.EndAction { isOpen ? .discard(as: .failed) : .nothing }

    func aging(now: Timestamp) -> UploadMachine.EndAction {
        isOpen && now >= expiresAt ? .discard(as: .expired) : .nothing
    }
}
