import Testing

@testable import MediaLibrary

@Suite struct RetryPlanTests {
    @Test func doublesUpToItsMaximumAndEnds() throws {
        var plan = RetryPlan()
        plan.firstDelayMilliseconds = 100
        plan.maximumDelayMilliseconds = 1000
        plan.maximumAttempts = 7
        let full = (1...8).map { plan.delayMilliseconds(afterFailures: $0, jitter: 1) }
        #expect(full == [100, 200, 400, 800, 1000, 1000, nil, nil])
        let half = (1...4).map { plan.delayMilliseconds(afterFailures: $0, jitter: 0) }
        #expect(half == [50, 100, 200, 400])
    }

    @Test func noNumberOverflows() {
        var plan = RetryPlan()
        plan.firstDelayMilliseconds = .max / 2
        plan.maximumAttempts = .max
        #expect(plan.delayMilliseconds(afterFailures: 1_000_000, jitter: 1) == plan.maximumDelayMilliseconds)
        #expect(plan.delayMilliseconds(afterFailures: 1, jitter: 7) == plan.maximumDelayMilliseconds)
    }

    /// Nine failures and a tenth try come within some minutes, all thirty within a day.
    @Test func theDefaultsLastHours() {
        let plan = RetryPlan()
        let delays = (1..<plan.maximumAttempts).compactMap { plan.delayMilliseconds(afterFailures: $0, jitter: 1) }
        #expect(delays.count == 29)
        #expect(delays.prefix(9).reduce(0, +) < 180_000)
        #expect((12...24).contains(delays.reduce(0, +) / 3_600_000))
    }
}
