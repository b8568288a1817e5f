import Testing
import UploadModel

@testable import UploadRules

/// What a ``PartsMachine`` answers about what is here.
@Suite struct PartsMachineQuestionsTests {
    typealias Standing = PartsMachineTests.Standing

    struct Answer: Sendable {
        var standing: Standing
        var received: Int64
        var prefix: Int64
        var missing: [ClosedRange<Int>]
        var isWhole: Bool
        var completion: PartsMachine.CompletionAction

        init(
            _ standing: Standing, received: Int64, prefix: Int64, missing: [ClosedRange<Int>] = [], isWhole: Bool,
            _ completion: PartsMachine.CompletionAction
        ) {
            self.standing = standing
            self.received = received
            self.prefix = prefix
            self.missing = missing
            self.isWhole = isWhole
            self.completion = completion
        }
    }

    static let answers: [Answer] = [
        Answer(
            Standing(size: 25, part: 10, count: 3), received: 0, prefix: 0, missing: [1...3], isWhole: false,
            .refuse(.missing([1...3]))),
        Answer(
            Standing(size: 25, part: 10, count: 3, parts: [2: 10]), received: 10, prefix: 0, missing: [1...1, 3...3],
            isWhole: false, .refuse(.missing([1...1, 3...3]))),
        Answer(
            Standing(size: 25, part: 10, count: 3, parts: [3: 5]), received: 5, prefix: 0, missing: [1...2],
            isWhole: false, .refuse(.missing([1...2]))),
        Answer(
            Standing(size: 25, part: 10, count: 3, parts: [3: 5, 1: 10]), received: 15, prefix: 10, missing: [2...2],
            isWhole: false, .refuse(.missing([2...2]))),
        Answer(
            Standing(size: 25, part: 10, count: 3, parts: [3: 5, 1: 10, 2: 10]), received: 25, prefix: 25,
            isWhole: true, .publish(sizeBytes: 25)),
        Answer(
            Standing(size: 0, part: 10, count: 1), received: 0, prefix: 0, missing: [1...1], isWhole: false,
            .refuse(.missing([1...1]))),
        Answer(
            Standing(size: 0, part: 10, count: 1, parts: [1: 0]), received: 0, prefix: 0, isWhole: true,
            .publish(sizeBytes: 0)),
        // Of unknown size: whole only when the client says so.
        Answer(
            Standing(part: 10), received: 0, prefix: 0, missing: [1...1], isWhole: false,
            .refuse(.missing([1...1]))),
        Answer(
            Standing(part: 10, parts: [1: 10, 2: 10]), received: 20, prefix: 20, isWhole: false,
            .publish(sizeBytes: 20)),
        Answer(
            Standing(part: 10, parts: [2: 4, 1: 10]), received: 14, prefix: 14, isWhole: false,
            .publish(sizeBytes: 14)),
        Answer(
            Standing(part: 10, parts: [1: 10, 4: 10]), received: 20, prefix: 10, missing: [2...3], isWhole: false,
            .refuse(.missing([2...3]))),
        Answer(Standing(part: 10, parts: [1: 0]), received: 0, prefix: 0, isWhole: false, .publish(sizeBytes: 0)),
        // Replaced parts count once, with their last length.
        Answer(
            Standing(part: 10, parts: [1: 10, 2: 10, 2: 4]), received: 14, prefix: 14, isWhole: false,
            .publish(sizeBytes: 14)),
        Answer(
            Standing(part: 10, parts: [1: 10, 2: 4, 2: 10, 1: 10]), received: 20, prefix: 20, isWhole: false,
            .publish(sizeBytes: 20)),
        // Two requests raced: a hole behind a short part is neither read over nor published.
        Answer(
            Standing(part: 10, parts: [1: 10, 2: 4, 3: 10]), received: 24, prefix: 14, isWhole: false,
            .refuse(.partLength(expectedBytes: 10, gotBytes: 4))),
        Answer(
            Standing(part: 10, parts: [4: 6, 3: 10, 2: 4, 1: 3]), received: 23, prefix: 3, isWhole: false,
            .refuse(.partLength(expectedBytes: 10, gotBytes: 3))),
        Answer(
            Standing(part: 10, count: 2, parts: [1: 10, 2: 10, 4: 10]), received: 30, prefix: 20, isWhole: true,
            .refuse(.partCount(announced: 2))),
        Answer(
            Standing(size: 14, part: 10, count: 2, parts: [1: 10, 2: 3]), received: 13, prefix: 13, isWhole: true,
            .refuse(.size(announcedBytes: 14, gotBytes: 13))),
        // The chunks API before its first part.
        Answer(
            Standing(count: 3), received: 0, prefix: 0, missing: [1...3], isWhole: false,
            .refuse(.missing([1...3]))),
    ]

    @Test(arguments: answers)
    func `what is here`(answer: Answer) {
        let machine = answer.standing.machine
        #expect(machine.receivedBytes == answer.received)
        #expect(machine.prefixBytes == answer.prefix)
        #expect(machine.missing == answer.missing)
        #expect(machine.isWhole == answer.isWhole)
        #expect(machine.completionRequested() == answer.completion)
    }

    /// Chunks as the publishing API sends them: the layout is learned on the way.
    @Test(arguments: [[1, 2, 3, 4], [2, 1, 4, 3], [3, 4, 2, 1], [2, 2, 4, 4, 3, 1, 1]])
    func `the layout is learned from the parts`(order: [Int]) {
        var machine = PartsMachine(
            layout: PartLayout(partCount: 4), maximumBytes: 1000, bounds: PartsMachineTests.bounds)
        for number in order {
            let length: Int64 = number == 4 ? 3 : 10
            guard
                case .record(let range, let learned) = machine.partEnded(
                    number, lengthBytes: length, announcedCount: 4)
            else {
                Issue.record("part \(number) of \(order) was refused")
                return
            }
            #expect(range == ByteRange(start: Int64(number - 1) * 10, length: length))
            machine.partRecorded(number, lengthBytes: length, layout: learned)
        }
        #expect(machine.layout == PartLayout(partSizeBytes: 10, partCount: 4, sizeBytes: 33))
        #expect(machine.completionRequested() == .publish(sizeBytes: 33))
    }

    @Test func `the order in which parts came leaves no trace`() {
        let one = Standing(part: 10, parts: [1: 10, 2: 3, 4: 4]).machine
        let other = Standing(part: 10, parts: [4: 4, 2: 10, 2: 3, 1: 10]).machine
        #expect(one == other)
        #expect(one != Standing(part: 10, parts: [1: 10, 2: 4, 4: 3]).machine)
    }

    @Test func `a copy goes its own way`() {
        let before = Standing(part: 10, parts: [1: 10]).machine
        var copy = before
        copy.partRecorded(2, lengthBytes: 10, layout: before.layout)
        #expect(copy.receivedBytes == 20)
        #expect(before.receivedBytes == 10)
        #expect(before == Standing(part: 10, parts: [1: 10]).machine)
    }

    @Test func `bounds that allow no part allow one`() {
        let machine = PartsMachine(
            layout: PartLayout(), maximumBytes: 10,
            bounds: PartsMachine.Bounds(maximumPartBytes: 10, maximumPartCount: 0))
        #expect(
            machine.partOffered(2, declaredBytes: nil, announcedCount: nil)
                == .refuse(.partNumber(allowed: 1...1)))
    }

    /// A limit that was lowered meanwhile does not strand what runs.
    @Test func `a known count stands above the bound`() {
        let standing = Standing(part: 10, count: 12)
        #expect(
            standing.machine.partEnded(12, lengthBytes: 5, announcedCount: 12)
                == .record(
                    ByteRange(start: 110, length: 5),
                    learning: PartLayout(partSizeBytes: 10, partCount: 12, sizeBytes: 115)))
    }
}
