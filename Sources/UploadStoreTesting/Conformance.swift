/// A conformance check that did not hold: what was expected, and where it is written.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// One thing that a conforming type must do.
///
/// `Open` makes an instance over one place; each check is given a place that is empty, and may open it several
/// times, at once or one after the other.
package struct ConformanceCheck<Open: Sendable>: Sendable, CustomStringConvertible {
    /// A sentence that holds for a conforming type.
    package let name: String
    /// Throws ``ConformanceFailure`` when it does not hold.
    package let run: @Sendable (Open) async throws -> Void

    package init(_ name: String, _ run: @escaping @Sendable (Open) async throws -> Void) {
        self.name = name
        self.run = run
    }

    package var description: String { name }
}

func require(
    _ condition: Bool, _ expectation: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws {
    if !condition { throw ConformanceFailure("\(expectation()) (\(file):\(line))") }
}

func requireEqual<Value: Equatable>(
    _ found: Value, _ expected: Value, _ what: @autoclosure () -> String = "value", file: StaticString = #fileID,
    line: UInt = #line
) throws {
    try require(found == expected, "\(what()): found \(found), expected \(expected)", file: file, line: line)
}

func unwrap<Value>(
    _ value: Value?, _ what: @autoclosure () -> String = "a value", file: StaticString = #fileID, line: UInt = #line
) throws -> Value {
    guard let value else { throw ConformanceFailure("\(what()) is missing (\(file):\(line))") }
    return value
}

/// Does something several times at once; answers the results in the order of their numbers.
func concurrently<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        for number in 0..<count { group.addTask { (number, try await body(number)) } }
        var results: [(Int, Value)] = []
        for try await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

/// A small generator that repeats itself for the same seed (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
