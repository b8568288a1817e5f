import Synchronization
import Testing
import UploadModel

@testable import UploadEngine

/// A leap of the clock ends nothing until it has stood for a while.
@Suite struct PatientClockTests {
    private static let day: Int64 = 86400
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// The time of day and the time that passes, turned by hand.
    private final class Bench: Sendable {
        private let state = Mutex((told: PatientClockTests.start, passed: Duration.zero))

        func clock() -> PatientClock {
            PatientClock(clock: { self.state.withLock { $0.told } }, elapsed: { self.state.withLock { $0.passed } })
        }

        func pass(seconds: Int64) {
            state.withLock { state in
                state.told = state.told.adding(seconds: seconds)
                state.passed += .seconds(seconds)
            }
        }

        func set(by seconds: Int64) { state.withLock { $0.told = $0.told.adding(seconds: seconds) } }
    }

    /// What is done one after the other (time that passes, or a step of the clock), and how far the time is then.
    private enum Turn {
        case pass(Int64, expected: Int64)
        case step(Int64, expected: Int64)
    }

    private func follow(_ turns: [Turn]) {
        let bench = Bench()
        let clock = bench.clock()
        for (number, turn) in turns.enumerated() {
            let expected: Int64
            switch turn {
            case .pass(let seconds, let then):
                bench.pass(seconds: seconds)
                expected = then
            case .step(let seconds, let then):
                bench.set(by: seconds)
                expected = then
            }
            #expect(clock.now == Self.start.adding(seconds: expected), "turn \(number)")
        }
    }

    @Test func timeThatPassesIsBelieved() {
        follow([.pass(30, expected: 30), .pass(40 * Self.day, expected: 30 + 40 * Self.day)])
    }

    @Test func anAdjustmentIsBelieved() {
        follow([.step(60, expected: 60), .pass(1, expected: 61), .step(-5, expected: 56)])
    }

    @Test func aLeapThatIsTakenBackNeverWas() {
        follow([
            .pass(10, expected: 10), .step(30 * Self.day, expected: 10), .pass(600, expected: 610),
            .step(-30 * Self.day, expected: 610), .pass(3600, expected: 4210),
        ])
    }

    @Test func aLeapThatStandsIsBelieved() {
        follow([
            .step(30 * Self.day, expected: 0), .pass(3599, expected: 3599), .pass(1, expected: 30 * Self.day + 3600),
            .pass(1, expected: 30 * Self.day + 3601),
        ])
    }

    @Test func eachLeapIsDoubtedAnew() {
        follow([
            .step(Self.day, expected: 0), .pass(1800, expected: 1800), .step(-Self.day, expected: 1800),
            .step(Self.day, expected: 1800), .pass(3000, expected: 4800), .pass(600, expected: Self.day + 5400),
        ])
    }

    @Test func aClockThatIsSetBackIsBelieved() {
        follow([
            .step(-Self.day, expected: -Self.day), .pass(10, expected: 10 - Self.day),
            .step(Self.day, expected: 10 - Self.day),
        ])
    }
}
