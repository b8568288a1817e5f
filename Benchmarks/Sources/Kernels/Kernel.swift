/// A piece of the product's work, small and always the same, so that what it costs can be compared with what it cost.
package struct Kernel: Sendable {
    /// Does the work as many times as it is told.
    package typealias Work = (_ iterations: Int) throws -> Void

    /// Lower-case words with dashes; thresholds are kept under it.
    package let name: String
    /// One line: what one iteration does.
    package let summary: String
    /// How many iterations are counted: few, because a simulated processor is some fifty times slower than a real one.
    package let iterations: Int
    /// Whether the processor decides how the work is done: code that asks for its abilities executes other
    /// instructions on other machines, and their number is comparable only between machines of one kind.
    package let dependsOnMachine: Bool
    /// Makes what the work needs; not part of what is measured.
    package let prepare: @Sendable () throws -> Work

    init(
        _ name: String, _ summary: String, iterations: Int, dependsOnMachine: Bool = false,
        prepare: @escaping @Sendable () throws -> Work
    ) {
        self.name = name
        self.summary = summary
        self.iterations = iterations
        self.dependsOnMachine = dependsOnMachine
        self.prepare = prepare
    }

    /// Every kernel, in the order in which a request meets them.
    package static let all: [Kernel] = heads + grants + parts + checksums + forms + replies + [wholeRequest]

    package static func named(_ name: String) -> Kernel? { all.first { $0.name == name } }
}

/// Why a kernel could not do its work: its input is wrong, and nothing that it would measure would mean anything.
package struct KernelFault: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Takes a result and does nothing with it, which the optimizer does not see: it would leave out work for nobody.
@inline(never)
@_optimize(none)
func consume<Value: ~Copyable>(_: borrowing Value) {}

/// A value that must exist for the kernel to mean anything.
func made<Value>(_ value: Value?, _ what: StaticString) throws -> Value {
    guard let value else { throw KernelFault("\(what) cannot be made") }
    return value
}
