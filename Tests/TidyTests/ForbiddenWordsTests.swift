import Testing

/// Words that must not occur. They are put together from halves here, so that this file may be searched as well.
@Suite struct ForbiddenWordsTests {
    static let durableFile = "Sources/DiskStore/DurableFile.swift"

    /// In every Swift file, tests too.
    static let everywhere: [ForbiddenWord] = [
        ForbiddenWord("try" + "!", advice: "handle the error or let it pass"),
        ForbiddenWord("as" + "!", advice: "use a type that needs no cast, or as?"),
        ForbiddenWord(
            "fatalError", advice: "refuse the client; trap with precondition for a programmer's error",
            search: { ForbiddenWord.calls("fatalError", in: $0) }),
        ForbiddenWord("TO" + "DO", in: .text, advice: "do it or leave it out"),
        ForbiddenWord("FIX" + "ME", in: .text, advice: "mend it"),
        ForbiddenWord("XX" + "X", in: .text, advice: "say what is meant"),
        ForbiddenWord("nonisolated(unsafe)", advice: "use Mutex"),
        ForbiddenWord(
            "print", advice: "log it; only the command line speaks to a terminal",
            allowed: { $0.hasPrefix("Sources/SluiceCommand/") },
            search: { ForbiddenWord.calls("print", in: $0) || ForbiddenWord.calls("debugPrint", in: $0) }),
        ForbiddenWord(
            "a task of its own", advice: "use a task group or a service", search: ForbiddenWord.startsTask),
        ForbiddenWord("Thread.sleep", advice: "wait for the event"),
        ForbiddenWord(
            "usleep", advice: "wait for the event", search: { ForbiddenWord.calls("usleep", in: $0) }),
    ]

    /// What makes a change durable has one door. Tests may break things with their own hands.
    static let durableCalls: [ForbiddenWord] =
        [
            "fsync", "fdatasync", "sync_file_range", "syncfs", "rename", "renameat", "renameat2", "link", "linkat",
            "symlink", "symlinkat",
        ].map { function in
            ForbiddenWord(
                function, advice: durableAdvice, allowed: { $0 == durableFile || isShim($0) },
                search: { ForbiddenWord.calls(function, in: $0) })
        }
        + ["moveItem(", "linkItem(", "replaceItem(", "replaceItemAt("].map { method in
            ForbiddenWord(method, advice: durableAdvice, allowed: { $0 == durableFile })
        }
        + [
            ForbiddenWord(
                "sluice_data_sync", advice: durableAdvice, allowed: { $0 == durableFile || isShim($0) },
                search: namesDurableShim)
        ]

    private static let durableAdvice = "only \(durableFile) may make things durable"

    /// The C shims may wrap such a call for one system or another; then the shim is what has one caller.
    private static func isShim(_ path: String) -> Bool { path.hasPrefix("Sources/CPlatform/") }

    private static func namesDurableShim(_ line: String) -> Bool {
        line.split { $0 != "_" && !$0.isLetter && !$0.isNumber }.contains { name in
            name.hasPrefix("sluice_") && !name.contains("unlink")
                && ["sync", "rename", "link"].contains { name.contains($0) }
        }
    }

    /// Folders of one machine, in anything that is kept, scripts and documents too.
    static let workplaces: [ForbiddenWord] = ["/wo" + "rk/", "/tmp" + "/h", "/ro" + "ot/"].map { folder in
        ForbiddenWord(
            folder, in: .text, advice: "no path of one machine",
            search: { ForbiddenWord.holdsPath(folder, in: $0) })
    }

    @Test(arguments: everywhere)
    func `does not occur`(word: ForbiddenWord) throws {
        let files = (Repository.sources + Repository.tests).filter(\.isSwift)
        try #require(!files.isEmpty)
        #expect(files.flatMap(word.findings) == [], "\(word.advice)")
    }

    @Test(arguments: durableCalls)
    func `durable calls have one door`(word: ForbiddenWord) {
        let files = Repository.sources.filter { $0.isSwift || $0.isC }
        #expect(files.flatMap(word.findings) == [], "\(word.advice)")
    }

    @Test(arguments: workplaces)
    func `no path of one machine is kept`(word: ForbiddenWord) {
        let files = Repository.sources + Repository.tests + Repository.papers
        #expect(files.flatMap(word.findings) == [], "\(word.advice)")
    }

    @Test func `an unchecked promise has its proof above it`() {
        let files = (Repository.sources + Repository.tests).filter(\.isSwift)
        #expect(files.flatMap(Self.unprovenPromises) == [])
    }

    @Test(arguments: [
        ("// Sendable: the mutex guards it.\nfinal class A: @unchecked Sendable {}", []),
        ("// Sendable: the mutex guards it,\n// always.\nfinal class A: @unchecked Sendable {}", []),
        ("/// Is Sendable: yes.\nfinal class A: @unchecked Sendable {}", ["a.swift:2"]),
        ("// Sendable: far away.\n\nfinal class A: @unchecked Sendable {}", ["a.swift:3"]),
        ("let a = 1 // not @unchecked Sendable", []),
    ])
    func `a proof is told from other comments`(text: String, findings: [String]) {
        #expect(Self.unprovenPromises(in: RepositoryFile(path: "a.swift", text: text)) == findings)
    }

    /// Lines that promise without a comment directly above that begins with `// Sendable:`.
    private static func unprovenPromises(in file: RepositoryFile) -> [String] {
        file.code.indices.filter { number in
            guard ForbiddenWord.occurs("@unchecked", in: file.code[number]) else { return false }
            let comment = file.lines[..<number].reversed()
                .map { line in line.drop { $0 == " " } }
                .prefix { $0.hasPrefix("//") }
            return !comment.contains { $0.hasPrefix("// Sendable:") }
        }
        .map { "\(file.path):\($0 + 1)" }
    }
}
