import Foundation

/// The folder of one test run. It is made when first asked for and removed when all suites have ended.
enum Scratch {
    static let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("sluice-gateway-tests-\(UUID().uuidString)").path

    /// A path that nothing stands at yet.
    static func file(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return "\(folder)/\(UUID().uuidString)-\(name)"
    }

    /// An empty folder.
    static func newFolder(_ name: String) throws -> String {
        let path = try file(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// A file with these bytes.
    static func file(_ name: String, holding bytes: Data) throws -> String {
        let path = try file(name)
        try bytes.write(to: URL(fileURLWithPath: path))
        return path
    }

    static func bytes(_ path: String) throws -> Data {
        FileManager.default.fileExists(atPath: path) ? try Data(contentsOf: URL(fileURLWithPath: path)) : Data()
    }

    static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    static func remove(_ paths: [String]) {
        for path in paths { try? FileManager.default.removeItem(atPath: path) }
    }
}
