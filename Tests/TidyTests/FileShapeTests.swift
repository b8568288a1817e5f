import Testing

/// The form of files, the folders against the manifest, and what the documents point at.
@Suite struct FileShapeTests {
    static let maximumLines = 400

    static var written: [RepositoryFile] { (Repository.sources + Repository.tests).filter { $0.isSwift || $0.isC } }

    @Test func `there are files to look at`() {
        #expect(Repository.sources.contains { $0.path == "Sources/UploadModel/Upload.swift" })
        #expect(Repository.tests.contains { $0.path == "Tests/TidyTests/FileShapeTests.swift" })
        #expect(Repository.papers.contains { $0.path == "README.md" })
    }

    @Test func `a file is short enough to read`() {
        let long = Self.written.filter { $0.lines.count - 1 > Self.maximumLines }
        #expect(long.map { "\($0.path) has \($0.lines.count - 1) lines of \(Self.maximumLines)" } == [])
    }

    @Test func `a file begins with text and ends with one line break`() {
        let ragged = Self.written.filter {
            $0.text.isEmpty || $0.text.hasPrefix("\n") || !$0.text.hasSuffix("\n") || $0.text.hasSuffix("\n\n")
        }
        #expect(ragged.map(\.path) == [])
    }

    @Test func `a Swift file declares something`() {
        let empty = Self.written.filter { $0.isSwift && $0.name != "main.swift" && !Self.declares($0.code) }
        #expect(empty.map(\.path) == [])
        #expect(!Self.declares(SwiftText("// struct A {}\nimport NIOCore\n").code))
        #expect(Self.declares(SwiftText("package struct A {}\n").code))
    }

    @Test func `a file is named for what is in it`() {
        let stubs = Self.written.filter { $0.name.hasPrefix("_") }
        #expect(stubs.map(\.path) == [])
    }

    @Test func `folders are targets and targets are folders`() throws {
        let targets = try ImportTableTests.manifest().targets
        #expect(Self.folders("Sources") == targets.filter { !$0.isTest }.map(\.name).sorted())
        #expect(Self.folders("Tests") == targets.filter(\.isTest).map(\.name).sorted())
    }

    @Test func `links between documents lead somewhere`() {
        let markdown = Repository.papers.filter { $0.path.hasSuffix(".md") }
        let dead = markdown.flatMap { page in
            let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
            return Self.localLinks(page.text)
                .filter { !Repository.exists(folder.isEmpty ? $0 : folder + "/" + $0) }
                .map { "\(page.path) points at \($0)" }
        }
        #expect(dead == [])
    }

    @Test func `local links are told from others`() {
        let page = """
            [a](LICENSE) [b](docs/x.md#part) [c](https://example.org/y) [d](#here) [e](mailto:a@b.c) `[f](code)`
            ```
            [g](fenced)
            ```
            ![h](image.png "title")
            """
        #expect(Self.localLinks(page) == ["LICENSE", "docs/x.md", "image.png"])
    }

    @Test(arguments: ["Scripts/run", "Scripts/test"])
    func `the two commands open the README and can be run`(command: String) throws {
        let readme = try #require(Repository.file("README.md"))
        #expect(readme.lines.prefix(12).contains { $0.contains(command) })
        #expect(Repository.isExecutable(command))
    }

    @Test func `the gate runs the tests and nothing else`() throws {
        let gate = try #require(Repository.file(".ci/run"))
        let commands = gate.lines.filter { !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix("set ") }
        #expect(commands.count == 1)
        #expect(commands.first?.contains("Scripts/test") == true)
        #expect(Repository.isExecutable(".ci/run"))
    }

    // MARK: - Reading

    private static func folders(_ parent: String) -> [String] {
        Repository.entries(parent).filter { Repository.isFolder(parent + "/" + $0) }
    }

    private static func declares(_ code: [String]) -> Bool {
        let keywords: Set<Substring> = [
            "struct", "enum", "class", "actor", "protocol", "extension", "func", "typealias", "let", "var", "macro",
        ]
        return code.contains { line in
            line.split { $0.isWhitespace }.contains { keywords.contains($0) }
        }
    }

    /// The files that a Markdown text points at, without fragments; what stands in code is no link.
    private static func localLinks(_ text: String) -> [String] {
        var links: [String] = []
        var fenced = false
        for line in text.split(separator: "\n") {
            if line.drop(while: { $0 == " " }).hasPrefix("```") { fenced.toggle() }
            if fenced { continue }
            let prose = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset.isMultiple(of: 2) }.map(\.element).joined()
            var rest = prose[...]
            while let opening = rest.firstRange(of: "](") {
                rest = rest[opening.upperBound...]
                let target = rest.prefix { $0 != ")" && $0 != " " && $0 != "#" }
                if !target.isEmpty && !target.contains(":") { links.append(String(target)) }
            }
        }
        return links
    }
}
