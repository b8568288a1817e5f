/// What `Package.swift` says of its targets, read as text: the tests must not start a second build.
struct Manifest {
    struct Target {
        let name: String
        let isTest: Bool
        /// Modules of this package and of others, by name.
        let dependencies: [String]
    }

    let targets: [Target]
    /// Dependencies that could not be read; the reader below must then learn a new form.
    private(set) var unread: [String] = []

    init(_ text: String) {
        let code = SwiftText(text).uncommented.joined(separator: "\n")
        let constants = Self.constants(code)
        var targets: [Target] = []
        var unread: [String] = []
        for kind in ["target", "executableTarget", "testTarget", "systemLibrary", "plugin", "macro"] {
            var rest = code[...]
            while let opening = rest.firstRange(of: "." + kind + "(") {
                let body = Self.balanced(rest[opening.upperBound...], closing: ")")
                rest = rest[body.endIndex...]
                guard let name = Self.quoted(after: "name:", in: body) else { continue }
                var dependencies: [String] = []
                for element in Self.dependencyElements(body) {
                    if let module = Self.module(element, constants: constants) {
                        dependencies.append(module)
                    } else {
                        unread.append("\(name): \(element)")
                    }
                }
                targets.append(Target(name: name, isTest: kind == "testTarget", dependencies: dependencies))
            }
        }
        self.targets = targets
        self.unread = unread
    }

    /// `let NAME: Target.Dependency = .product(name: "MODULE", …)`.
    private static func constants(_ code: String) -> [String: String] {
        var found: [String: String] = [:]
        for line in code.split(separator: "\n") where line.contains("Target.Dependency") {
            let words = line.split { $0 == " " || $0 == ":" }
            if words.first == "let", words.count > 1, let module = quoted(after: "name:", in: line) {
                found[String(words[1])] = module
            }
        }
        return found
    }

    /// Up to the bracket that closes what was opened just before `text`.
    private static func balanced(_ text: Substring, closing: Character) -> Substring {
        let opening: Character = closing == ")" ? "(" : "["
        var depth = 1
        let end = text.firstIndex { character in
            if character == opening { depth += 1 }
            if character == closing { depth -= 1 }
            return depth == 0
        }
        return text[..<(end ?? text.endIndex)]
    }

    private static func quoted(after label: String, in text: Substring) -> String? {
        guard let place = text.firstRange(of: label) else { return nil }
        let parts = text[place.upperBound...].split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? String(parts[1]) : nil
    }

    /// The elements of the list of dependencies, split at the commas that stand outside parentheses.
    private static func dependencyElements(_ body: Substring) -> [String] {
        guard let start = body.firstRange(of: "dependencies: [") else { return [] }
        var depth = 0
        return balanced(body[start.upperBound...], closing: "]")
            .split { character in
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                return character == "," && depth == 0
            }
            .map { $0.filter { !$0.isWhitespace } }
            .filter { !$0.isEmpty }
    }

    private static func module(_ element: String, constants: [String: String]) -> String? {
        if element.hasPrefix("\"") { return String(element.dropFirst().dropLast()) }
        if element.hasPrefix(".") { return quoted(after: "name:", in: element[...]) }
        return constants[element]
    }
}
