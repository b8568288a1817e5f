import Testing

/// The searches themselves: what they find and what they must leave alone.
@Suite struct ForbiddenWordTests {
    @Test(arguments: [
        ("fsync(descriptor)", true),
        ("guard Glibc.fsync(descriptor) == 0 else {", true),
        ("Swift.fsync (descriptor)", false),
        ("store.fsync(descriptor)", false),
        ("func fsync(_ descriptor: Int32) {", false),
        ("case fsync(Int32)", false),
        ("myfsync(descriptor)", false),
        ("let fsync = 1", false),
    ])
    func `a call of a free function`(line: String, found: Bool) {
        #expect(ForbiddenWord.calls("fsync", in: line) == found)
    }

    @Test(arguments: [
        ("Task { await work() }", true),
        ("let task = Task(priority: .high) { 1 }", true),
        ("let task = Task<Void, Never> { }", true),
        ("let task = Task<Result<Int, Never>, Never>.init {", true),
        ("Task.detached {", true),
        ("Task.immediate {", true),
        ("try await Task.sleep(for: .seconds(1))", false),
        ("let task: Task<Void, Never>", false),
        ("withTaskGroup(of: Int.self) { group in", false),
        ("Task.isCancelled", false),
    ])
    func `a task of its own`(line: String, found: Bool) {
        #expect(ForbiddenWord.startsTask(line) == found)
    }

    @Test(arguments: [
        ("let folder = \"/box/main\"", true),
        ("cd /box/", true),
        ("file:///box/main", true),
        ("https://example.org/box/main", false),
        ("Sources/box/main", false),
        ("$root/box/main", false),
        ("${root}/box/main", false),
    ])
    func `an absolute path`(line: String, found: Bool) {
        #expect(ForbiddenWord.holdsPath("/box/", in: line) == found)
    }

    @Test func `a folder without a slash at its end is whole`() {
        #expect(ForbiddenWord.holdsPath("/box/a", in: "\"/box/a/b\""))
        #expect(!ForbiddenWord.holdsPath("/box/a", in: "\"/box/abc\""))
    }

    @Test(arguments: [
        ("tr" + "y! now()", "tr" + "y!", true),
        ("retry! now()", "tr" + "y!", false),
        ("x as! Int", "as!", true),
        ("let alias = has! ", "as!", false),
        ("XYX", "XX" + "X", false),
        ("name.XX" + "XX", "XX" + "X", false),
        ("// XX" + "X: later", "XX" + "X", true),
    ])
    func `a whole word`(line: String, word: String, found: Bool) {
        #expect(ForbiddenWord.occurs(word, in: line) == found)
    }

    @Test func `every rule finds what it forbids`() {
        let samples: [String: String] = [
            "print": "print(1)", "fatalError": "fatalError()", "usleep": "usleep(1)", "a task of its own": "Task {}",
        ]
        for rule in ForbiddenWordsTests.everywhere {
            let sample = samples[rule.description] ?? rule.description
            let file = RepositoryFile(path: "Sources/UploadModel/A.swift", text: "let a = 1\n\(sample) \n")
            #expect(rule.findings(in: file) == ["Sources/UploadModel/A.swift:2"], "\(rule)")
        }
        for rule in ForbiddenWordsTests.durableCalls {
            let call = rule.description.hasSuffix("(") ? rule.description : rule.description + "("
            let text = "\(call)a)\n// \(call)b)\n"
            #expect(rule.findings(in: RepositoryFile(path: "Sources/A/B.swift", text: text)) == ["Sources/A/B.swift:1"])
            #expect(rule.findings(in: RepositoryFile(path: ForbiddenWordsTests.durableFile, text: text)) == [])
        }
        for rule in ForbiddenWordsTests.workplaces {
            let file = RepositoryFile(path: "README.md", text: "see \(rule.description)\n")
            #expect(rule.findings(in: file) == ["README.md:1"])
        }
    }

    @Test func `comments and strings are told from code`() {
        let text = SwiftText(
            ##"""
            let a = "one \(two("three")) four" // five
            let b = #"six \(seven) \#(eight)"# /* nine /* ten */
            eleven */ let c = """
                twelve " thirteen
                """
            let d = #/"fourteen/# + e
            """##)
        #expect(
            text.code.map(Self.words) == [
                ["let", "a", "two"], ["let", "b", "eight"], ["let", "c"], [], [], ["let", "d", "e"],
            ])
        #expect(
            text.uncommented.map(Self.words) == [
                ["let", "a", "one", "two", "three", "four"], ["let", "b", "six", "seven", "eight"], ["let", "c"],
                ["twelve", "thirteen"], [], ["let", "d", "fourteen", "e"],
            ])
    }

    private static func words(_ line: String) -> [String] {
        line.split { !$0.isLetter }.map(String.init)
    }
}
