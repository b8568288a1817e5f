import Testing

/// Who may know whom: the room table against every import and against the manifest.
@Suite struct ImportTableTests {
    @Test(arguments: Room.table)
    func `imports stay inside the row of the table`(room: Room) {
        let strangers = Self.imports(of: room.name).filter { !room.allowed.contains($0.module) }
        #expect(strangers.map(\.place) == [], "\(room.name) may import \(room.allowed.sorted())")
    }

    @Test func `every target is in the table`() throws {
        let targets = try Self.manifest().targets.filter { !$0.isTest }.map(\.name)
        #expect(targets.sorted() == Room.table.map(\.name).sorted())
    }

    @Test func `the manifest declares what the table allows and no more`() throws {
        let manifest = try Self.manifest()
        #expect(manifest.unread == [])
        for target in manifest.targets where !target.isTest {
            let room = try #require(Room.named(target.name))
            #expect(target.dependencies.sorted() == room.mayImport.sorted(), "\(target.name) in Package.swift")
        }
    }

    @Test func `nothing depends upwards`() {
        for (place, room) in Room.table.enumerated() {
            for other in room.mayImport.compactMap(Room.named) {
                #expect(Room.table[..<place].contains { $0.name == other.name }, "\(room.name) on \(other.name)")
                #expect(other.layer <= room.layer, "\(room.name) on \(other.name)")
            }
        }
    }

    @Test func `the engine cannot see HTTP`() throws {
        let edge: Set<String> = ["UploadProtocols", "GatewayHTTP", "StructuredFieldValues"]
        func isEdge(_ module: String) -> Bool {
            module.contains("HTTP") || module.hasPrefix("Hummingbird") || edge.contains(module)
        }
        #expect(Self.imports(of: "UploadEngine").filter { isEdge($0.module) }.map(\.place) == [])
        #expect(try #require(Room.named("UploadEngine")).allowed.filter(isEdge) == [])
    }

    @Test func `the protocols cannot see the engine`() throws {
        let behind: Set<String> = ["UploadEngine", "UploadRules", "UploadStore", "MediaLibrary"]
        #expect(Self.imports(of: "UploadProtocols").filter { behind.contains($0.module) }.map(\.place) == [])
        #expect(try #require(Room.named("UploadProtocols")).allowed.intersection(behind) == [])
    }

    @Test func `the table of CONTRIBUTING is this table`() throws {
        let page = try #require(Repository.file("CONTRIBUTING.md"))
        let rows = page.lines.compactMap(Self.row)
        #expect(rows.map(\.name) == Room.table.map(\.name))
        for row in rows {
            let room = try #require(Room.named(row.name))
            #expect(row.layer == room.layer, "\(row.name) in CONTRIBUTING.md")
            #expect(row.mayImport.sorted() == room.mayImport.sorted(), "\(row.name) in CONTRIBUTING.md")
        }
    }

    @Test(arguments: [
        ("import NIOCore", "NIOCore"),
        ("package import struct Foundation.URL", "Foundation"),
        ("@testable import Sluice", "Sluice"),
        ("@_spi(Internals) public import Crypto", "Crypto"),
        ("    import Glibc", "Glibc"),
        ("#if canImport(Glibc)", nil),
        ("let important = 1", nil),
    ])
    func `an import is found in every form`(line: String, module: String?) {
        #expect(Self.module(importedBy: line) == module)
    }

    @Test func `a manifest is read in every form it is written in`() {
        let manifest = Manifest(
            """
            let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio") // .target(name: "No")
            .target(name: "A", swiftSettings: s), .target(
                name: "B",
                dependencies: ["A", nio, .product(name: "P", package: "q"), other], swiftSettings: s),
            .testTarget(name: "T", dependencies: ["A"])
            """)
        #expect(manifest.targets.map(\.name) == ["A", "B", "T"])
        #expect(manifest.targets.map(\.dependencies) == [[], ["A", "NIOCore", "P"], ["A"]])
        #expect(manifest.targets.map(\.isTest) == [false, false, true])
        #expect(manifest.unread == ["B: other"])
    }

    // MARK: - Reading

    static func manifest() throws -> Manifest {
        Manifest(try #require(Repository.file("Package.swift")).text)
    }

    struct Import {
        let module: String
        let place: String
    }

    static func imports(of target: String) -> [Import] {
        Repository.sources.filter { $0.isSwift && $0.target == target }.flatMap { file in
            file.code.enumerated().compactMap { number, line in
                module(importedBy: line).map { Import(module: $0, place: "\(file.path):\(number + 1) imports \($0)") }
            }
        }
    }

    /// The module that a line of code imports, whatever stands before and after its name.
    static func module(importedBy line: String) -> String? {
        var words = line.split { $0.isWhitespace || $0 == ";" }[...]
        let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
        while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words.removeFirst() }
        guard words.popFirst() == "import" else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        if let word = words.first, kinds.contains(word) { words.removeFirst() }
        return words.first?.split(separator: ".").first.map(String.init)
    }

    /// `| layer | target | one line | may import |`.
    private static func row(_ line: String) -> Room? {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        guard cells.count == 6, let layer = Int(cells[1]) else { return nil }
        let modules = cells[4].split { $0 == "," || $0 == " " }.map(String.init).filter { $0 != "nothing" }
        return Room(layer, cells[2], Set(modules))
    }
}
