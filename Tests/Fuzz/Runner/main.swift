import CFuzzer
import Fuzz

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// libFuzzer's own command line, for the target that `SLUICE_FUZZ_TARGET` names. It starts itself again for some of its
/// work, with its arguments: so the name cannot be one of them. (`Scripts/fuzz` builds and runs it.)
enum Chosen {
    static let target: FuzzTarget = {
        let name = getenv("SLUICE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget.named(name) else {
            stop("SLUICE_FUZZ_TARGET is one of: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
        }
        return target
    }()

    static func stop(_ message: String) -> Never {
        tell(message)
        exit(2)
    }

    static func tell(_ message: String) {
        _ = Array("fuzz: \(message)\n".utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

if CommandLine.arguments.dropFirst() == ["list"] {
    _ = Array(FuzzTarget.all.map { $0.name + "\n" }.joined().utf8).withUnsafeBytes {
        write(STDOUT_FILENO, $0.baseAddress, $0.count)
    }
    exit(0)
}
_ = Chosen.target
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
        do {
            try Chosen.target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            Chosen.tell("\(Chosen.target.name): \(error)")
            // libFuzzer keeps the input and ends.
            abort()
        }
        return 0
    })
