import Testing

@testable import UploadEngine

@Suite(.timeLimit(.minutes(1))) struct BellTests {
    /// Longer than the test may take: whoever returns was woken.
    private static let forEver = Duration.seconds(3600)

    @Test func wakesEverybodyWhoWaits() async {
        let bell = Bell()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                let rings = bell.rings
                group.addTask { await bell.wait(since: rings, atMost: Self.forEver) }
            }
            bell.ring()
        }
        #expect(bell.rings == 1)
    }

    @Test func whoeverLookedBeforeItRangDoesNotMissIt() async {
        let bell = Bell()
        let rings = bell.rings
        bell.ring()
        await bell.wait(since: rings, atMost: Self.forEver)
    }

    @Test func waitsNoLongerThanItIsTold() async {
        let bell = Bell()
        await bell.wait(since: bell.rings, atMost: .milliseconds(1))
        #expect(bell.rings == 0)
    }

    @Test func letsCancelledTasksGo() async {
        let bell = Bell()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { await bell.wait(since: 0, atMost: Self.forEver) } }
            group.cancelAll()
        }
        bell.ring()
    }
}
