import Foundation
import Testing

/// The package that these tests stand in, as files.
enum Repository {
    /// The folder of `Package.swift`.
    static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/", !exists(folder.appendingPathComponent("Package.swift")) {
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    static let sources = files(under: "Sources")
    static let tests = files(under: "Tests")

    /// The manifest, the scripts and every Markdown file.
    static let papers: [RepositoryFile] = {
        let top = entries("").filter { $0.hasSuffix(".md") || $0 == "Package.swift" }.compactMap(file)
        let markdown = entries("").filter { !$0.hasPrefix(".") && !["Sources", "Tests", "Scripts"].contains($0) }
            .filter { isFolder($0) && $0 != "sluice-data" }
            .flatMap { files(under: $0) }.filter { $0.path.hasSuffix(".md") }
        return top + markdown + files(under: "Scripts") + files(under: ".ci")
    }()

    static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    static func exists(_ path: String) -> Bool { exists(root.appendingPathComponent(path)) }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appendingPathComponent(path).path)
    }

    static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        let there = FileManager.default.fileExists(
            atPath: root.appendingPathComponent(path).path, isDirectory: &isDirectory)
        return there && isDirectory.boolValue
    }

    /// The names inside a folder of the package, sorted; none when there is no such folder.
    static func entries(_ folder: String) -> [String] {
        let path = root.appendingPathComponent(folder).path
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// A text file of the package; `nil` when it is missing or not UTF-8.
    static func file(_ path: String) -> RepositoryFile? {
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path),
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        return RepositoryFile(path: path, text: text)
    }

    /// Whether it only says where a file or a folder lies.
    static func isLink(_ path: String) -> Bool {
        let path = root.appendingPathComponent(path).path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeSymbolicLink
    }

    /// Every text file below a folder, at any depth; hidden ones (and so build products) excepted, and what stands in
    /// another place.
    static func files(under folder: String) -> [RepositoryFile] {
        entries(folder).filter { !$0.hasPrefix(".") && !isLink(folder + "/" + $0) }.flatMap {
            name -> [RepositoryFile] in
            let path = folder + "/" + name
            return isFolder(path) ? files(under: path) : file(path).map { [$0] } ?? []
        }
    }
}

/// A text file, by its path from the root of the package.
struct RepositoryFile: Sendable {
    let path: String
    let text: String
    let lines: [String]
    /// The lines without comments and strings; of a file in another language than Swift and C, none.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.code = Self.isSwift(path) || Self.isC(path) ? SwiftText(text).code : []
    }

    /// The last component.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    /// The target it belongs to: the folder below `Sources` or `Tests`.
    var target: String? { path.split(separator: "/").dropFirst().first.map(String.init) }
    var isSwift: Bool { Self.isSwift(path) }
    var isC: Bool { Self.isC(path) }

    private static func isSwift(_ path: String) -> Bool { path.hasSuffix(".swift") }
    private static func isC(_ path: String) -> Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
}
