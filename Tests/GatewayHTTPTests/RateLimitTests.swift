import Testing

@testable import GatewayHTTP

@Suite struct RateLimitTests {
    private let start = ContinuousClock.now

    private func limit(_ requestsPerSecond: Int) throws -> RateLimit {
        try #require(RateLimit(requestsPerSecond: requestsPerSecond))
    }

    /// How many of so many requests at one moment are admitted.
    private func admitted(_ limit: RateLimit, _ count: Int, _ client: String = "a", at seconds: Double) -> Int {
        (0..<count).count { _ in limit.admit(client, now: start + .seconds(seconds)) == nil }
    }

    @Test func zeroIsNoLimit() { #expect(RateLimit(requestsPerSecond: 0) == nil) }

    @Test(arguments: [1, 2, 5, 1000]) func asManyAtOnceAsInASecondAndAsManyInTheLongRun(rate: Int) throws {
        let limit = try limit(rate)
        #expect(admitted(limit, 3 * rate, at: 0) == rate)
        #expect(admitted(limit, 3 * rate, at: 1) == rate)
        #expect(admitted(limit, 3 * rate, at: 1.5) == rate / 2)
        // A long pause saves up no more than one second.
        #expect(admitted(limit, 3 * rate, at: 100) == rate)
    }

    @Test func whoIsRefusedWaitsAsLongAsItIsTold() throws {
        let limit = try limit(4)
        #expect(admitted(limit, 4, at: 0) == 4)
        let wait = try #require(limit.admit("a", now: start))
        #expect(wait == .milliseconds(250))
        // To ask in vain costs nothing.
        #expect(limit.admit("a", now: start) == wait)
        #expect(limit.admit("a", now: start + wait - .milliseconds(1)) != nil)
        #expect(limit.admit("a", now: start + wait) == nil)
    }

    @Test func oneIsNotHinderedByAnother() throws {
        let limit = try limit(1)
        #expect(admitted(limit, 2, "a", at: 0) == 1)
        #expect(admitted(limit, 2, "b", at: 0) == 1)
    }

    @Test func whoeverComesMakesItGrowNoFurther() throws {
        let limit = try limit(1)
        let most = RateLimit.maximumCount
        for client in 0..<most { #expect(limit.admit("\(client)", now: start) == nil) }
        // The rest share one allowance.
        #expect((most..<(most + 100)).count { limit.admit("\($0)", now: start) == nil } == 1)
        #expect(limit.count == most + 1)
        // When the others have been quiet there is room again.
        let later = start + .seconds(2)
        #expect((most..<(most + 100)).allSatisfy { limit.admit("\($0)", now: later) == nil })
        #expect(limit.count == 100)
    }
}
