import Kernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `kernels list` and `kernels run NAME ITERATIONS`: what instructions and allocations are counted in. It does nothing
/// besides, so that of two runs only the iterations differ.
func answer(_ arguments: [String]) throws {
    switch arguments.first {
    case "list" where arguments.count == 1:
        for kernel in Kernel.all {
            let kind = kernel.dependsOnMachine ? "machine" : "any"
            print(kernel.name, kernel.iterations, kind, kernel.summary, separator: "\t")
        }
    case "run" where arguments.count == 3:
        guard let kernel = Kernel.named(arguments[1]) else { stop("there is no kernel \(arguments[1])") }
        guard let iterations = Int(arguments[2]), iterations >= 0 else {
            stop("\(arguments[2]) is not a number of iterations")
        }
        try kernel.prepare()(iterations)
    default: stop("usage: kernels list | kernels run NAME ITERATIONS")
    }
}

func stop(_ message: String) -> Never {
    _ = Array("kernels: \(message)\n".utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
}

do {
    try answer(Array(CommandLine.arguments.dropFirst()))
} catch {
    stop("\(error)")
}
