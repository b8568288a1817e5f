#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The little JSON that forms carry.
enum SettingsJSON {
    /// A JSON object; `nil` for anything else.
    static func object(_ text: String) -> [String: SettingValue]? {
        guard JSONText.isShallow(text.utf8) else { return nil }
        guard let object = try? JSONDecoder().decode([String: Decoded].self, from: Data(text.utf8)) else { return nil }
        return object.mapValues(\.value)
    }

    /// A JSON array of strings; `nil` for anything else.
    static func strings(_ text: String) -> [String]? {
        guard JSONText.isShallow(text.utf8) else { return nil }
        return try? JSONDecoder().decode([String].self, from: Data(text.utf8))
    }

    private struct Decoded: Decodable {
        let value: SettingValue

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                value = .null
            } else if let flag = try? container.decode(Bool.self) {
                value = .flag(flag)
            } else if let text = try? container.decode(String.self) {
                value = .text(text)
            } else if let list = try? container.decode([String].self) {
                value = .list(list)
            } else {
                value = .other
            }
        }
    }
}
