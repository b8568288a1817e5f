import Configuration
import SystemPackage
import UploadModel

/// Reads the options: command line first, then the environment, then the YAML file, then the defaults.
struct SettingsReader {
    private let reader: ConfigReader
    private let settings: [String: Setting]

    /// The option that names the YAML file.
    static let fileOption = "config"

    /// - Parameters:
    ///   - arguments: without the program and the command.
    ///   - environment: variables.
    init(arguments: [String], environment: [String: String]) async throws(StartFault) {
        settings = Dictionary(Setting.all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let normal = try Self.normalized(arguments, known: Set(settings.keys))
        for option in normal where option.hasPrefix("--") && Self.isEndpointOption(String(option.dropFirst(2))) {
            namedEndpoints.insert(String(option.split(separator: "-")[1]))
        }
        let commandLine = CommandLineArgumentsProvider(arguments: ["sluice"] + normal)
        let variables = EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "sluice")
        var providers: [any ConfigProvider] = [commandLine, variables]
        let early = ConfigReader(providers: providers)
        if let path = early.string(forKey: ConfigKey([Self.fileOption])) {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(path)))
            } catch {
                throw StartFault("--config \(path): \(error)")
            }
        }
        providers.append(Self.defaults)
        reader = ConfigReader(providers: providers)
    }

    /// `--name=value` becomes two words; what is no option of ours stops the start.
    private static func normalized(_ arguments: [String], known: Set<String>) throws(StartFault) -> [String] {
        var normal: [String] = []
        var awaitsValue: String?
        for argument in arguments {
            if awaitsValue != nil {
                normal.append(argument)
                awaitsValue = nil
                continue
            }
            guard argument.hasPrefix("--") else {
                throw StartFault("\(argument) is no option; sluice serve --help lists them.")
            }
            let halves = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(halves.first ?? "")
            guard known.contains(name) || name == fileOption || isEndpointOption(name) else {
                throw StartFault("--\(name) is no option; sluice serve --help lists them.")
            }
            normal.append("--\(name)")
            if halves.count == 2 { normal.append(String(halves[1])) } else { awaitsValue = name }
        }
        if let awaitsValue { throw StartFault("--\(awaitsValue) needs a value.") }
        return normal
    }

    /// `finalize-NAME-url` and its like; whether the endpoint is listed is seen when all is read.
    private static func isEndpointOption(_ name: String) -> Bool {
        let words = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        // Who is asked is no endpoint that is told, and has options of its own.
        return words.count == 3 && words[1] != "verify" && EndpointName(words[1]) != nil
            && Setting.endpoint(words[1]).contains { $0.name == name }
    }

    /// The names of endpoints that options on the command line speak of.
    private(set) var namedEndpoints: Set<String> = []

    private static var defaults: InMemoryProvider {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in Setting.all {
            let content: ConfigContent =
                switch setting.kind {
                case .text(let fallback): .string(fallback)
                case .number(let fallback, _): .int(fallback)
                case .flag(let fallback): .bool(fallback)
                }
            values[AbsoluteConfigKey([setting.name])] = ConfigValue(content, isSecret: false)
        }
        return InMemoryProvider(name: "defaults", values: values)
    }

    func text(_ name: String) throws(StartFault) -> String {
        do {
            return try reader.requiredString(forKey: ConfigKey([name]))
        } catch {
            // The command line's reader takes every comma for a list.
            guard let list = reader.stringArray(forKey: ConfigKey([name])) else {
                throw StartFault("\(name): the value must be a text.")
            }
            return list.joined(separator: ",")
        }
    }

    /// A text that nothing has to say; empty then.
    func optionalText(_ name: String) throws(StartFault) -> String {
        let key = ConfigKey([name])
        guard reader.string(forKey: key) != nil || reader.stringArray(forKey: key) != nil else { return "" }
        return try text(name)
    }

    /// The entries of a text with commas, without blanks around them.
    func list(_ name: String) throws(StartFault) -> [String] {
        try optionalText(name).split(separator: ",").map { entry in
            String(entry.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }

    /// Addresses and blocks of addresses.
    func ranges(_ name: String) throws(StartFault) -> [AddressRange] {
        var ranges: [AddressRange] = []
        for text in try list(name) {
            guard let range = AddressRange(text) else {
                throw StartFault("\(name): \"\(text)\" is not an address range, such as 10.1.0.0/16 or fd00::/8.")
            }
            ranges.append(range)
        }
        return ranges
    }

    func flag(_ name: String) throws(StartFault) -> Bool {
        do {
            return try reader.requiredBool(forKey: ConfigKey([name]))
        } catch {
            throw StartFault("\(name): \(shown(name)) is not true or false.")
        }
    }

    func number(_ name: String) throws(StartFault) -> Int {
        guard case .number(_, let allowed) = settings[name]?.kind else {
            preconditionFailure("\(name) is no number in the table of settings")
        }
        let expected = "a whole number in \(allowed.lowerBound)...\(allowed.upperBound)"
        let value: Int
        do {
            value = try reader.requiredInt(forKey: ConfigKey([name]))
        } catch {
            throw StartFault("\(name): \(shown(name)) is not \(expected).")
        }
        guard allowed.contains(value) else { throw StartFault("\(name): \(value) is not \(expected).") }
        return value
    }

    /// The wrong value as it was written, where it can be told.
    private func shown(_ name: String) -> String {
        (try? text(name)).map { "\"\($0)\"" } ?? "the value"
    }
}
