import Testing
import UploadModel

@testable import UploadRules

/// Tables: what stands, what comes, what is answered.
@Suite struct PartsMachineTests {
    /// Parts of at most 100 bytes and 10 of them, files of at most 1000 bytes.
    static let bounds = PartsMachine.Bounds(maximumPartBytes: 100, maximumPartCount: 10)

    /// What is known of an upload and which parts of which length are here.
    struct Standing: Sendable, CustomTestStringConvertible {
        var size: Int64?
        var part: Int64?
        var count: Int?
        var parts: KeyValuePairs<Int, Int64> = [:]
        var most: Int64 = 1000

        var layout: PartLayout { PartLayout(partSizeBytes: part, partCount: count, sizeBytes: size) }

        var machine: PartsMachine {
            var machine = PartsMachine(layout: layout, maximumBytes: most, bounds: bounds)
            for (number, length) in parts { machine.partRecorded(number, lengthBytes: length, layout: layout) }
            return machine
        }

        var testDescription: String { "\(layout.testText), parts \(parts), at most \(most)" }
    }

    struct Offer: Sendable {
        var standing: Standing
        var number: Int
        var declared: Int64?
        var announced: Int?
        var action: PartsMachine.OfferAction

        init(
            _ standing: Standing, _ number: Int, declared: Int64? = nil, of announced: Int? = nil,
            _ action: PartsMachine.OfferAction
        ) {
            self.standing = standing
            self.number = number
            self.declared = declared
            self.announced = announced
            self.action = action
        }
    }

    private static func write(_ number: Int, at start: Int64, _ sizing: PieceSizing) -> PartsMachine.OfferAction {
        .write(at: PiecePlace(number: number, start: start), sizing: sizing)
    }

    /// 25 bytes in parts of 10.
    static let known = Standing(size: 25, part: 10, count: 3)
    /// Parts of 10 until the client says that it is done.
    static let open = Standing(part: 10)
    /// The chunks API before its first chunk.
    static let chunks = Standing(count: 3)
    static let single = Standing(count: 1)
    static let empty = Standing(size: 0, part: 10, count: 1)
    static let huge = Standing(part: 1 << 62, most: .max)

    static let offers: [Offer] = [
        // Known size: every length is known.
        Offer(known, 1, write(1, at: 0, .exactly(10))),
        Offer(known, 2, declared: 10, write(2, at: 10, .exactly(10))),
        Offer(known, 3, write(3, at: 20, .exactly(5))),
        Offer(known, 3, declared: 5, of: 3, write(3, at: 20, .exactly(5))),
        Offer(known, 3, declared: 10, .refuse(.partLength(expectedBytes: 5, gotBytes: 10))),
        Offer(known, 1, declared: 9, .refuse(.partLength(expectedBytes: 10, gotBytes: 9))),
        Offer(known, 1, declared: 0, .refuse(.partLength(expectedBytes: 10, gotBytes: 0))),
        Offer(known, 0, .refuse(.partNumber(allowed: 1...3))),
        Offer(known, -1, .refuse(.partNumber(allowed: 1...3))),
        Offer(known, 4, .refuse(.partNumber(allowed: 1...3))),
        Offer(known, .max, .refuse(.partNumber(allowed: 1...3))),
        Offer(known, .min, .refuse(.partNumber(allowed: 1...3))),
        Offer(known, 1, of: 4, .refuse(.partCount(announced: 3))),
        Offer(known, 1, of: 0, .refuse(.partCount(announced: 3))),
        // A recorded part is replaced only when all of the new one is here.
        Offer(Standing(size: 25, part: 10, count: 3, parts: [1: 10]), 1, .setAside(sizing: .exactly(10))),
        Offer(Standing(size: 25, part: 10, count: 3, parts: [3: 5]), 3, declared: 5, .setAside(sizing: .exactly(5))),
        Offer(Standing(size: 25, part: 10, count: 3, parts: [1: 10]), 2, write(2, at: 10, .exactly(10))),
        // An empty file has one empty part.
        Offer(empty, 1, write(1, at: 0, .exactly(0))),
        Offer(empty, 1, declared: 0, write(1, at: 0, .exactly(0))),
        Offer(empty, 1, declared: 1, .refuse(.partLength(expectedBytes: 0, gotBytes: 1))),
        Offer(empty, 2, .refuse(.partNumber(allowed: 1...1))),
        // Unknown size: a part may be the last and short while none stands behind it.
        Offer(open, 1, write(1, at: 0, .atMost(10))),
        Offer(open, 1, declared: 0, write(1, at: 0, .exactly(0))),
        Offer(open, 2, declared: 0, .refuse(.emptyPart)),
        Offer(open, 7, declared: 3, write(7, at: 60, .exactly(3))),
        Offer(open, 7, declared: 11, .refuse(.partTooLong(maximumBytes: 10))),
        Offer(open, 10, write(10, at: 90, .atMost(10))),
        Offer(open, 11, .refuse(.partNumber(allowed: 1...10))),
        Offer(open, 1, declared: -1, .refuse(.emptyPart)),
        Offer(Standing(part: 10, parts: [4: 10]), 2, write(2, at: 10, .exactly(10))),
        Offer(
            Standing(part: 10, parts: [4: 10]), 2, declared: 3, .refuse(.partLength(expectedBytes: 10, gotBytes: 3))),
        Offer(Standing(part: 10, parts: [4: 10]), 4, .setAside(sizing: .atMost(10))),
        Offer(Standing(part: 10, parts: [4: 10]), 5, write(5, at: 40, .atMost(10))),
        // Behind a short part comes nothing, until it is sent again in full.
        Offer(Standing(part: 10, parts: [4: 3]), 5, .refuse(.partNumber(allowed: 1...4))),
        Offer(Standing(part: 10, parts: [4: 3]), 4, .setAside(sizing: .atMost(10))),
        Offer(Standing(part: 10, parts: [4: 3]), 3, write(3, at: 20, .exactly(10))),
        Offer(Standing(part: 10, parts: [4: 3, 4: 10]), 5, write(5, at: 40, .atMost(10))),
        // Two requests raced; what is short in the middle can be sent again, and what lies between as well.
        Offer(Standing(part: 10, parts: [2: 3, 4: 10]), 2, .setAside(sizing: .exactly(10))),
        Offer(Standing(part: 10, parts: [2: 3, 4: 10]), 3, write(3, at: 20, .exactly(10))),
        Offer(Standing(part: 10, parts: [2: 3, 4: 4]), 5, .refuse(.partNumber(allowed: 1...4))),
        Offer(Standing(part: 10, parts: [4: 4, 2: 3]), 5, .refuse(.partNumber(allowed: 1...4))),
        // A client that goes on with another dialect says how many parts there are.
        Offer(open, 2, of: 3, write(2, at: 10, .exactly(10))),
        Offer(open, 3, of: 3, write(3, at: 20, .atMost(10))),
        Offer(open, 4, of: 3, .refuse(.partNumber(allowed: 1...3))),
        Offer(open, 1, of: 0, .refuse(.partNumber(allowed: 1...10))),
        Offer(open, 1, of: -1, .refuse(.partNumber(allowed: 1...10))),
        Offer(open, 1, of: 11, .refuse(.partNumber(allowed: 1...10))),
        Offer(open, 1, of: .max, .refuse(.partNumber(allowed: 1...10))),
        Offer(Standing(part: 10, parts: [4: 10]), 2, of: 3, .refuse(.partCount(announced: 4))),
        Offer(Standing(part: 10, parts: [4: 10]), 2, of: 4, write(2, at: 10, .exactly(10))),
        Offer(Standing(part: 10, parts: [4: 10]), 2, of: 5, write(2, at: 10, .exactly(10))),
        Offer(Standing(part: 10, parts: [4: 3]), 2, of: 5, .refuse(.partCount(announced: 4))),
        Offer(Standing(part: 10, parts: [4: 3]), 2, of: 4, write(2, at: 10, .exactly(10))),
        // The chunks API: the first part to come tells the size, so its place is open until it is here.
        Offer(chunks, 1, of: 3, .setAside(sizing: .atMost(100))),
        Offer(chunks, 1, declared: 40, of: 3, .setAside(sizing: .exactly(40))),
        Offer(chunks, 2, of: 3, .setAside(sizing: .atMost(100))),
        Offer(chunks, 3, of: 3, .refuse(.partSizeUnknown)),
        Offer(chunks, 2, declared: 101, .refuse(.partTooLong(maximumBytes: 100))),
        Offer(chunks, 1, declared: 0, .refuse(.emptyPart)),
        Offer(chunks, 1, of: 2, .refuse(.partCount(announced: 3))),
        Offer(single, 1, of: 1, write(1, at: 0, .atMost(100))),
        Offer(single, 1, declared: 0, write(1, at: 0, .exactly(0))),
        Offer(Standing(), 1, .setAside(sizing: .atMost(100))),
        Offer(Standing(), 1, of: 1, write(1, at: 0, .atMost(100))),
        Offer(Standing(part: 10, count: 3, parts: [1: 10]), 3, of: 3, write(3, at: 20, .atMost(10))),
        Offer(Standing(part: 10, count: 3, parts: [1: 10]), 2, of: 3, write(2, at: 10, .exactly(10))),
        Offer(Standing(count: 1, most: 7), 1, write(1, at: 0, .atMost(7))),
        // The most bytes of a file.
        Offer(Standing(part: 10, most: 25), 3, write(3, at: 20, .atMost(5))),
        Offer(Standing(part: 10, most: 25), 3, declared: 5, write(3, at: 20, .exactly(5))),
        Offer(Standing(part: 10, most: 25), 3, declared: 6, .refuse(.tooLarge(maximumBytes: 25))),
        Offer(Standing(part: 10, most: 25), 4, .refuse(.tooLarge(maximumBytes: 25))),
        Offer(Standing(part: 10, most: 20), 3, .refuse(.tooLarge(maximumBytes: 20))),
        // Its length is known without being declared, and it does not fit.
        Offer(Standing(part: 10, count: 5, most: 25), 3, .refuse(.tooLarge(maximumBytes: 25))),
        Offer(Standing(part: 10, most: 0), 1, write(1, at: 0, .atMost(0))),
        Offer(Standing(size: 0, part: 10, count: 1, most: 0), 1, write(1, at: 0, .exactly(0))),
        // The end of the number range.
        Offer(huge, 1, write(1, at: 0, .atMost(1 << 62))),
        Offer(huge, 2, write(2, at: 1 << 62, .atMost((1 << 62) - 1))),
        Offer(huge, 2, declared: 1 << 62, .refuse(.tooLarge(maximumBytes: .max))),
        Offer(huge, 3, .refuse(.tooLarge(maximumBytes: .max))),
        Offer(huge, 10, declared: 1, .refuse(.tooLarge(maximumBytes: .max))),
        Offer(Standing(part: .max, most: .max), 2, declared: .max, .refuse(.tooLarge(maximumBytes: .max))),
        Offer(Standing(size: .max, part: .max, count: 10, most: .max), 10, .refuse(.emptyPart)),
    ]

    @Test(arguments: offers)
    func `a part is offered`(offer: Offer) {
        let action = offer.standing.machine.partOffered(
            offer.number, declaredBytes: offer.declared, announcedCount: offer.announced)
        #expect(action == offer.action)
    }

    struct End: Sendable {
        var standing: Standing
        var number: Int
        var length: Int64
        var announced: Int?
        var action: PartsMachine.EndAction

        init(
            _ standing: Standing, _ number: Int, _ length: Int64, of announced: Int? = nil,
            _ action: PartsMachine.EndAction
        ) {
            self.standing = standing
            self.number = number
            self.length = length
            self.announced = announced
            self.action = action
        }
    }

    private static func record(
        _ range: Range<Int64>, part: Int64, count: Int? = nil, size: Int64? = nil
    ) -> PartsMachine.EndAction {
        .record(
            ByteRange(start: range.lowerBound, length: range.upperBound - range.lowerBound),
            learning: PartLayout(partSizeBytes: part, partCount: count, sizeBytes: size))
    }

    static let ends: [End] = [
        End(known, 1, 10, record(0..<10, part: 10, count: 3, size: 25)),
        End(known, 3, 5, of: 3, record(20..<25, part: 10, count: 3, size: 25)),
        End(known, 3, 6, .refuse(.partLength(expectedBytes: 5, gotBytes: 6))),
        End(known, 2, 0, .refuse(.partLength(expectedBytes: 10, gotBytes: 0))),
        End(known, 2, -1, .refuse(.partLength(expectedBytes: 10, gotBytes: -1))),
        End(known, 4, 10, .refuse(.partNumber(allowed: 1...3))),
        End(known, 1, 10, of: 2, .refuse(.partCount(announced: 3))),
        End(empty, 1, 0, record(0..<0, part: 10, count: 1, size: 0)),
        // Unknown size.
        End(open, 1, 10, record(0..<10, part: 10)),
        End(open, 1, 0, record(0..<0, part: 10)),
        End(open, 2, 0, .refuse(.emptyPart)),
        End(open, 1, -1, .refuse(.emptyPart)),
        End(open, 2, 11, .refuse(.partTooLong(maximumBytes: 10))),
        End(open, 5, 3, record(40..<43, part: 10)),
        End(Standing(part: 10, parts: [2: 10]), 1, 0, .refuse(.partLength(expectedBytes: 10, gotBytes: 0))),
        // A short part, then a higher one; and the short one again, in full.
        End(Standing(part: 10, parts: [2: 4]), 3, 10, .refuse(.partNumber(allowed: 1...2))),
        End(Standing(part: 10, parts: [2: 4]), 2, 10, record(10..<20, part: 10)),
        End(Standing(part: 10, parts: [3: 10]), 2, 4, .refuse(.partLength(expectedBytes: 10, gotBytes: 4))),
        // Another dialect tells the count.
        End(open, 1, 10, of: 3, record(0..<10, part: 10, count: 3)),
        End(open, 3, 4, of: 3, record(20..<24, part: 10, count: 3, size: 24)),
        End(Standing(part: 10, parts: [3: 4]), 1, 10, of: 3, record(0..<10, part: 10, count: 3, size: 24)),
        End(Standing(part: 10, parts: [3: 10]), 1, 10, of: 3, record(0..<10, part: 10, count: 3, size: 30)),
        End(Standing(part: 10, parts: [3: 10]), 1, 10, of: 4, record(0..<10, part: 10, count: 4)),
        End(Standing(part: 10, parts: [3: 10]), 2, 10, of: 2, .refuse(.partCount(announced: 3))),
        // The chunks API: any part but the last tells the part size.
        End(chunks, 1, 40, of: 3, record(0..<40, part: 40, count: 3)),
        End(chunks, 2, 40, of: 3, record(40..<80, part: 40, count: 3)),
        End(chunks, 3, 40, of: 3, .refuse(.partSizeUnknown)),
        End(chunks, 1, 0, of: 3, .refuse(.emptyPart)),
        End(chunks, 1, 101, of: 3, .refuse(.partTooLong(maximumBytes: 100))),
        End(Standing(), 1, 40, of: 3, record(0..<40, part: 40, count: 3)),
        End(single, 1, 40, of: 1, record(0..<40, part: 40, count: 1, size: 40)),
        End(single, 1, 0, of: 1, record(0..<0, part: 0, count: 1, size: 0)),
        End(Standing(part: 40, count: 3, parts: [1: 40]), 3, 7, of: 3, record(80..<87, part: 40, count: 3, size: 87)),
        End(Standing(part: 40, count: 3, parts: [1: 40]), 2, 39, .refuse(.partLength(expectedBytes: 40, gotBytes: 39))),
        End(Standing(part: 40, count: 3, parts: [1: 40]), 3, 41, .refuse(.partTooLong(maximumBytes: 40))),
        // Once the last part told the size, it cannot change.
        End(Standing(size: 87, part: 40, count: 3), 3, 6, .refuse(.partLength(expectedBytes: 7, gotBytes: 6))),
        // An announced size binds although the part size is open.
        End(Standing(size: 50, count: 2), 1, 40, record(0..<40, part: 40, count: 2, size: 50)),
        End(Standing(size: 50, count: 2), 1, 50, .refuse(.size(announcedBytes: 50, gotBytes: 50))),
        End(Standing(size: 50, count: 1), 1, 49, .refuse(.size(announcedBytes: 50, gotBytes: 49))),
        // The most bytes, and the end of the number range.
        End(Standing(part: 10, most: 25), 3, 5, record(20..<25, part: 10)),
        End(Standing(part: 10, most: 25), 3, 6, .refuse(.tooLarge(maximumBytes: 25))),
        End(Standing(count: 3, most: 70), 2, 40, .refuse(.tooLarge(maximumBytes: 70))),
        End(huge, 2, (1 << 62) - 1, record(1 << 62..<Int64.max, part: 1 << 62)),
        End(huge, 2, 1 << 62, .refuse(.tooLarge(maximumBytes: .max))),
        End(huge, 3, 1, .refuse(.tooLarge(maximumBytes: .max))),
    ]

    @Test(arguments: ends)
    func `a part ended`(end: End) {
        let action = end.standing.machine.partEnded(
            end.number, lengthBytes: end.length, announcedCount: end.announced)
        #expect(action == end.action)
    }
}

extension PartLayout {
    fileprivate var testText: String {
        func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "?" }
        return "\(text(partCount)) parts of \(text(partSizeBytes)), \(text(sizeBytes)) bytes"
    }
}
