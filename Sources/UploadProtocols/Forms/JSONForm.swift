package import UploadModel

/// A JSON object in the place of a form: the same fields, in the words of JSON.
package enum JSONForm {
    /// Turns a body into fields that ``MediaItemForm`` reads.
    ///
    /// Text stands as it is, booleans as `true` and `false`, numbers as they were written, arrays and objects as their
    /// JSON text. Members that are `null` are told apart, so that a change can take something away.
    ///
    /// - Parameter json: its reader bounds its bytes.
    /// - Throws: `invalid_request` when it is no JSON object, nests deeper than 32 levels, has a member twice, or has
    ///   an array or an object where only text can stand.
    package static func fields(
        of json: [UInt8]
    ) throws(UploadFault) -> (fields: [(name: String, value: String)], nulls: Set<String>) {
        let members: JSONMembers
        do throws(JSONFault) { members = try JSONMembers(json) } catch { throw error.uploadFault }
        var fields: [(name: String, value: String)] = []
        var nulls: Set<String> = []
        var faults: [FieldFault] = []
        for (name, value) in members.all {
            switch value {
            case .text(let text): fields.append((name, text))
            case .flag(let flag): fields.append((name, flag ? "true" : "false"))
            case .number(let digits): fields.append((name, digits))
            case .null: nulls.insert(name)
            case .nested(let json):
                // As a field it would be taken for the text itself.
                if textNames.contains(name) { faults.append(FieldFault(field: name, message: "It must be text.")) }
                fields.append((name, json))
            }
        }
        if !faults.isEmpty { throw .wrong(faults) }
        return (fields, nulls)
    }

    private static let textNames: Set<String> = Set(
        ["title", "description"]
            + PlatformSetting.table.compactMap { setting in
                if case .text = setting.value { setting.flatKey } else { nil }
            })
}
