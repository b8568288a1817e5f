import Foundation

/// As `Scripts/micro` calls it:
/// - `micro kernels RUNNER LIBRARY THRESHOLDS VERSION [--update]` counts what every kernel costs, prints it beside what
///   was kept in the file THRESHOLDS, and exits with 1 when something costs more.
/// - `micro requests GATEWAY LIBRARY` counts the allocations of whole requests.
func run(_ arguments: [String]) throws -> Bool {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("micro-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    switch (arguments.first, arguments.count) {
    case ("kernels", 5), ("kernels", 6):
        guard arguments.count == 5 || arguments[5] == "--update" else { break }
        let counter = Counter(runner: arguments[1], library: arguments[2], folder: folder)
        let report = KernelReport(counter: counter, path: arguments[3], compiler: arguments[4])
        return try report.run(keeping: arguments.count == 6)
    case ("requests", 3):
        let report = RequestReport(gateway: arguments[1], library: arguments[2], folder: folder)
        print(try report.table().text)
        return true
    default: break
    }
    throw ReportFault("usage: micro kernels RUNNER LIBRARY THRESHOLDS VERSION [--update] | requests GATEWAY LIBRARY")
}

do {
    exit(try run(Array(CommandLine.arguments.dropFirst())) ? 0 : 1)
} catch {
    FileHandle.standardError.write(Data("micro: \(error)\n".utf8))
    exit(2)
}
