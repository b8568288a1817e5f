import Foundation
import Testing

/// Inputs that reach every corner of a parser, and all that ever found a fault, through the rules of ``FuzzTarget``.
/// `Scripts/fuzz` looks for more.
@Suite struct CorpusTests {
    static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Corpus")

    static func files(_ target: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: corpus.appendingPathComponent(target), includingPropertiesForKeys: nil
        ).sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `the rules hold for every file of the corpus`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        for file in try Self.files(name) {
            let bytes = Array(try Data(contentsOf: file))
            #expect(throws: Never.self, "\(name)/\(file.lastPathComponent)") { try target.run(bytes) }
            // And nearly those: without the end, where the choices are, and without the beginning.
            for near in [Array(bytes.dropLast()), Array(bytes.dropFirst()), Array(bytes.prefix(bytes.count / 2))] {
                #expect(throws: Never.self, "near \(name)/\(file.lastPathComponent)") { try target.run(near) }
            }
        }
    }

    @Test func `the corpus has a folder for every target, small enough to be kept`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path).sorted()
        #expect(folders == FuzzTarget.all.map(\.name))
        for folder in folders {
            let files = try Self.files(folder)
            // Those that once found a fault stay for ever.
            let chosen = files.count { !$0.lastPathComponent.hasPrefix("bug-") }
            #expect((1...50).contains(chosen), "\(folder) has \(chosen) files")
            for file in files {
                let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
                #expect(size <= 4 << 10, "\(folder)/\(file.lastPathComponent) has \(size) bytes")
            }
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `no input at all breaks no rule`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        for bytes in [[], [0], [0xFF], [UInt8](repeating: 0x0A, count: 5000)] { try target.run(bytes) }
    }
}
