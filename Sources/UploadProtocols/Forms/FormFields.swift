import UploadModel

/// The text fields of a form, and the ways to read one.
struct FormFields {
    private let values: [String: [String]]

    init(_ fields: [(name: String, value: String)]) {
        values = Dictionary(grouping: fields, by: \.name).mapValues { $0.map(\.value) }
    }

    /// Whether a field stands in the form, be it empty.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// The value of a field that may stand once; a fault when it stands more often.
    func single(_ name: String, _ faults: inout [FieldFault]) -> String? {
        guard let all = values[name] else { return nil }
        guard all.count == 1 else {
            faults.append(FieldFault(field: name, message: "It stands \(all.count) times in the form; send it once."))
            return nil
        }
        return all[0]
    }

    /// A list: a JSON array of strings in one field, names between commas, the field repeated, or repeated with `[]`
    /// behind its name; these also mixed. Blanks around names and empty names between commas are dropped.
    /// Empty when the field is absent; `nil` with a fault when it is malformed.
    func list(_ name: String, _ faults: inout [FieldFault]) -> [String]? {
        var entries: [String] = []
        for value in (values[name] ?? []) + (values[name + "[]"] ?? []) {
            let text = trimmingBlanks(value[...])
            if text.hasPrefix("[") {
                guard let strings = SettingsJSON.strings(text) else {
                    let message = "\(Self.quoted(text)) is not a JSON array of strings."
                    faults.append(FieldFault(field: name, message: message))
                    return nil
                }
                entries += strings
            } else {
                entries += text.split(separator: ",").map(trimmingBlanks).filter { !$0.isEmpty }
            }
        }
        return entries
    }

    /// `true`, `false`, `1` or `0`; case does not matter.
    static func flag(_ text: String) -> Bool? {
        switch trimmingBlanks(text[...]).lowercased() {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }

    static func isBlank(_ text: String) -> Bool { trimmingBlanks(text[...]).isEmpty }

    /// What is wrong with a text: its length in Unicode scalars, or a control character other than tab and line ends.
    static func objection(toText text: String, maximumCharacters: Int) -> String? {
        let count = text.unicodeScalars.count
        guard count <= maximumCharacters else {
            return "\(quoted(text)) has \(count) characters; at most \(maximumCharacters) are allowed."
        }
        let isControl = text.unicodeScalars.contains {
            $0.value < 0x20 && $0 != "\t" && $0 != "\n" && $0 != "\r" || $0.value == 0x7F
        }
        return isControl ? "\(quoted(text)) holds a control character; only tabs and line ends are allowed." : nil
    }

    /// A value for a message: in quotes, cut to 40 characters, control characters replaced.
    static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(40).map { scalar -> Unicode.Scalar in
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "\u{FFFD}" : scalar
        }
        let isCut = text.unicodeScalars.count > scalars.count
        return "\"" + String(String.UnicodeScalarView(scalars)) + (isCut ? "…" : "") + "\""
    }
}
