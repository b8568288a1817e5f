import UploadModel

/// The members of a small JSON object, each at most once, and the ways to read one.
struct JSONMembers {
    enum Value: Hashable, Sendable {
        case text(String)
        case flag(Bool)
        /// As it was written.
        case number(String)
        case null
        /// An array or an object, as it was written.
        case nested(String)
    }

    /// In their order.
    let all: [(name: String, value: Value)]

    /// - Parameter json: its reader bounds its bytes.
    init(_ json: [UInt8]) throws(JSONFault) {
        // A member costs its reader more than it has bytes; the body's own limit is the one that counts here.
        var reader = JSONObjectReader(maximumTextBytes: .max)
        var tokens: [JSONObjectReader.Token] = []
        let fault = json.withUnsafeBytes { bytes -> JSONFault? in
            var position = 0
            do throws(JSONFault) {
                while let token = try reader.next(bytes, &position) { tokens.append(token) }
                try reader.end()
                return nil
            } catch {
                return error
            }
        }
        if let fault { throw fault }
        var members: [(name: String, value: Value)] = []
        for token in tokens {
            switch token {
            case .text(let name, let text): members.append((name, .text(text)))
            case .flag(let name, let flag): members.append((name, .flag(flag)))
            case .number(let name, let digits): members.append((name, .number(digits)))
            case .null(let name): members.append((name, .null))
            case .nested(let name, let range):
                guard let text = String(validating: json[range], as: UTF8.self) else { throw .notUTF8(member: name) }
                members.append((name, .nested(text)))
            case .streamBegan, .streamRun, .streamScalar, .streamEnded: break
            }
        }
        all = members
    }

    /// `nil` when the member is absent; `null` counts as absent.
    subscript(name: String) -> Value? {
        let value = all.first { $0.name == name }?.value
        return value == .null ? nil : value
    }

    /// The text of a member that must be text; `nil` when it is absent, or with a fault.
    func text(_ name: String, _ faults: inout [FieldFault]) -> String? {
        guard let value = self[name] else { return nil }
        if case .text(let text) = value { return text }
        faults.append(FieldFault(field: name, message: "It must be text."))
        return nil
    }

    /// `nil` when the member is absent, or with a fault.
    func flag(_ name: String, _ faults: inout [FieldFault]) -> Bool? {
        guard let value = self[name] else { return nil }
        if case .flag(let flag) = value { return flag }
        faults.append(FieldFault(field: name, message: "It must be true or false."))
        return nil
    }

    /// The entries of an array of strings; `nil` when it is absent, or with a fault.
    func strings(_ name: String, _ faults: inout [FieldFault]) -> [String]? {
        guard let value = self[name] else { return nil }
        if case .nested(let json) = value, let strings = SettingsJSON.strings(json) { return strings }
        faults.append(FieldFault(field: name, message: "It must be a JSON array of strings."))
        return nil
    }
}

extension UploadFault {
    /// All that is wrong with the fields of a body, as far as ``MediaItemForm/maximumFaults`` goes.
    static func wrong(_ fields: [FieldFault]) -> UploadFault {
        let told = Array(fields.prefix(MediaItemForm.maximumFaults))
        let detail = told.map { "\($0.field): \($0.message)" }.joined(separator: " ")
        return UploadFault(.invalidRequest, detail, fields: told)
    }
}
