import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A real browser without a window.
enum Browser {
    /// Chromium or a relative of it; `nil` where there is none.
    static let program: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let names = ["chromium", "chromium-browser", "google-chrome"]
        let paths = names.flatMap { name in folders.map { "\($0)/\(name)" } }
        return paths.first(where: FileManager.default.isExecutableFile)
    }()

    /// Shows a page for as long as the work takes.
    static func show<Value>(_ url: String, while work: () async throws -> Value) async throws -> Value {
        guard let program else { throw Trouble("there is no Chromium") }
        let profile = try Scratch.newFolder("browser")
        let errors = try Scratch.file("errors")
        defer { Scratch.remove([profile, errors]) }
        let child = try Command.start(
            program,
            [
                // Its sandbox needs rights that root in a container has not; the only page is ours.
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--user-data-dir=\(profile)", url,
            ],
            environment: ["HOME": profile], output: "/dev/null", errors: errors)
        do {
            let value = try await work()
            child.send(SIGTERM)
            _ = try await child.ended()
            return value
        } catch {
            child.send(SIGKILL)
            throw Trouble("\(error)\n\(try Scratch.text(errors).suffix(2000))")
        }
    }
}
