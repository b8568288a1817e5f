import Foundation

/// What the environment asks of the tests that go on as long as they are told to.
enum RunSettings {
    /// `SLUICE_TEST_KILLS`: how often a gateway is killed.
    static func kills(otherwise count: Int) -> Int { number("SLUICE_TEST_KILLS") ?? count }

    /// `SLUICE_TEST_POWER_CUTS`: at how many places the power is cut.
    static func powerCuts(otherwise count: Int) -> Int { number("SLUICE_TEST_POWER_CUTS") ?? count }

    /// `SLUICE_TEST_TUS_BYTES`: how large the file is that a client of tus sends through broken connections.
    static func tusBytes(otherwise count: Int) -> Int { number("SLUICE_TEST_TUS_BYTES") ?? count }

    /// `SLUICE_TEST_SANITIZER`: which sanitizer is built into everything. Memory is mostly its own then.
    static var isSanitized: Bool { ProcessInfo.processInfo.environment["SLUICE_TEST_SANITIZER"] != nil }

    /// `SLUICE_TEST_SEED`: the seed of a run that is to be repeated; a new one without it.
    static var seed: UInt64 { number("SLUICE_TEST_SEED") ?? UInt64.random(in: 0 ... .max) }

    private static func number<Number: LosslessStringConvertible>(_ name: String) -> Number? {
        ProcessInfo.processInfo.environment[name].flatMap { Number($0) }
    }

    /// Says what a run does, whether it passes or not: its seed must be known even when it hangs.
    static func tell(_ line: String) { FileHandle.standardError.write(Data("torture: \(line)\n".utf8)) }
}
