/// Something that must not stand in a line, and where it may all the same.
struct ForbiddenWord: Sendable, CustomStringConvertible {
    enum Place: Sendable {
        /// Comments and strings count too.
        case text
        /// Only code counts.
        case code
    }

    /// How the word is looked for at one line; `true` when it is there.
    typealias Search = @Sendable (_ line: String) -> Bool

    let description: String
    let place: Place
    /// Why not, and what instead.
    let advice: String
    let isAllowed: @Sendable (_ path: String) -> Bool
    let isIn: Search

    init(
        _ word: String, in place: Place = .code, advice: String,
        allowed: @escaping @Sendable (String) -> Bool = { _ in false }, search: Search? = nil
    ) {
        self.description = word
        self.place = place
        self.advice = advice
        self.isAllowed = allowed
        self.isIn = search ?? { Self.occurs(word, in: $0) }
    }

    /// Where the word stands in a file: `path:line`.
    func findings(in file: RepositoryFile) -> [String] {
        guard !isAllowed(file.path) else { return [] }
        let lines = place == .text ? file.lines : file.code
        return lines.enumerated().filter { isIn($0.element) }.map { "\(file.path):\($0.offset + 1)" }
    }

    // MARK: - Searches

    private static func continuesName(_ character: Character) -> Bool {
        character == "_" || character.isLetter || character.isNumber
    }

    /// The places where `word` stands as a whole: not inside a longer name.
    static func places(of word: String, in line: String) -> [Range<String.Index>] {
        line.ranges(of: word).filter { range in
            let before = line[..<range.lowerBound].last
            let after = line[range.upperBound...].first
            let opensName = word.first.map(continuesName) == true && before.map(continuesName) == true
            let closesName = word.last.map(continuesName) == true && after.map(continuesName) == true
            return !opensName && !closesName
        }
    }

    static func occurs(_ word: String, in line: String) -> Bool { !places(of: word, in: line).isEmpty }

    /// A call of a free function, with or without its module's name; neither a method nor a declaration.
    static func calls(_ function: String, in line: String) -> Bool {
        places(of: function + "(", in: line).contains { range in
            let before = line[..<range.lowerBound]
            if before.last == "." {
                let owner = before.dropLast().reversed().prefix(while: continuesName).reversed()
                return Room.systemModules.union(["Swift"]).contains(String(owner))
            }
            let word = before.split { $0 == " " }.last
            return word != "func" && word != "case"
        }
    }

    /// A task that nobody waits for: `Task {`, `Task(…)`, `Task<…> {`, `Task.detached`, `Task.immediate`.
    static func startsTask(_ line: String) -> Bool {
        places(of: "Task", in: line).contains { range in
            var rest = line[range.upperBound...].drop { $0 == " " }
            if rest.first == "<" {
                var depth = 0
                rest = rest.drop { character in
                    if character == "<" { depth += 1 }
                    if character == ">" { depth -= 1 }
                    return depth > 0
                }
                rest = rest.dropFirst().drop { $0 == " " }
            }
            return rest.hasPrefix("{") || rest.hasPrefix("(")
                || [".detached", ".immediate", ".init"].contains { rest.hasPrefix($0) }
        }
    }

    /// An absolute path that begins with `folder`; the same letters inside a longer path or an address are not it.
    static func holdsPath(_ folder: String, in line: String) -> Bool {
        line.ranges(of: folder).contains { range in
            let before = line[..<range.lowerBound]
            let goesOn = !folder.hasSuffix("/") && line[range.upperBound...].first.map(continuesName) == true
            let isInside = before.last.map { continuesName($0) || "./-~})".contains($0) } == true
            return !goesOn && (!isInside || before.hasSuffix("file://"))
        }
    }
}
