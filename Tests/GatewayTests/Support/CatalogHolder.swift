import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Another program that has the catalog for itself.
final class CatalogHolder: Sendable {
    private let child: ChildProcess
    private let input: CInt

    private init(_ child: ChildProcess, _ input: CInt) {
        self.child = child
        self.input = input
    }

    static func start(_ catalog: String) async throws -> CatalogHolder {
        let script = """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1], isolation_level=None)
            database.execute("BEGIN EXCLUSIVE")
            print("held", flush=True)
            sys.stdin.read()
            database.execute("ROLLBACK")
            """
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Trouble("no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let (output, errors) = (try Scratch.file("held"), try Scratch.file("errors"))
        let child = try Command.start(
            "python3", ["-c", script, catalog], input: ends[0], output: output, errors: errors)
        let holder = CatalogHolder(child, ends[1])
        try await eventually("the catalog is held") { try Scratch.text(output).contains("held") }
        return holder
    }

    func letGo() async throws {
        close(input)
        #expect(try await child.ended() == 0)
    }
}
