import Foundation

/// What stops the program, or one workload, with a sentence for whoever runs it.
struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The command line.
struct Options {
    /// The gateway, the generator and the two limit servers.
    var sluice = ""
    var load = ""
    var limits = ""
    /// Where the disk and the memory file system are measured; folders are made below and removed again.
    var folder = ""
    var memoryFolder = ""
    var results = ""
    var isQuick = false
    /// Rounds that are counted; `nil` leaves it to the kind of run.
    private var givenRounds: Int?
    var only: Set<String> = []
    var peers: [PeerName] = PeerName.allCases
    /// Further options of `sluice serve`.
    var gatewayOptions: [String] = []
    /// What is measured, for the report: a commit, a version.
    var revision: String?
    /// Divides all sizes and counts, for trying the program out.
    var scale = 1

    var rounds: Int { givenRounds ?? (isQuick ? 3 : 5) }
    var resultPrefix: String { isQuick ? "quick-" : "" }

    static let usage = """
        usage: bench --sluice PATH --load PATH --limits PATH --folder DIR --memory-folder DIR --results DIR
                     [--quick] [--rounds N] [--only W1,W3,...] [--peers \(PeerName.list)]
                     [--gateway-option OPTION]... [--revision TEXT]

          --folder          on the disk to measure
          --memory-folder   on a memory file system
          --results         gets bench.md, bench.json, bench.svg and README-table.md
          --quick           smaller sizes, 3 rounds; the files are called quick-...
          --rounds          counted rounds, 5 unless told
          --only            \(WorkloadName.list)
          --gateway-option  a word for `sluice serve`: --gateway-option --direct-io --gateway-option false
        """

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            if option == "--quick" {
                isQuick = true
                continue
            }
            guard let value = rest.popFirst() else { throw BenchError("\(option) needs a value.\n\(Self.usage)") }
            try set(option, value)
        }
        for (option, value) in [
            ("--sluice", sluice), ("--load", load), ("--limits", limits), ("--folder", folder),
            ("--memory-folder", memoryFolder), ("--results", results),
        ] where value.isEmpty {
            throw BenchError("\(option) is missing.\n\(Self.usage)")
        }
        for program in [sluice, load, limits] where !FileManager.default.isExecutableFile(atPath: program) {
            throw BenchError("\(program) cannot be run.")
        }
    }

    private mutating func set(_ option: String, _ value: String) throws {
        switch option {
        case "--sluice": sluice = Self.absolute(value)
        case "--load": load = Self.absolute(value)
        case "--limits": limits = Self.absolute(value)
        case "--folder": folder = Self.absolute(value)
        case "--memory-folder": memoryFolder = Self.absolute(value)
        case "--results": results = Self.absolute(value)
        case "--rounds": givenRounds = try Self.count(option, value)
        case "--scale": scale = try Self.count(option, value)
        case "--revision": revision = value
        case "--gateway-option": gatewayOptions.append(value)
        case "--only":
            only = Set(value.split(separator: ",").map(String.init))
            let unknown = only.subtracting(WorkloadName.allCases.map(\.rawValue))
            guard unknown.isEmpty else {
                throw BenchError("No such workload: \(unknown.sorted().joined(separator: ", ")).")
            }
        case "--peers":
            peers = try value.split(separator: ",").map { name in
                guard let peer = PeerName(rawValue: String(name)) else { throw BenchError("No such peer: \(name).") }
                return peer
            }
        default: throw BenchError("Unknown option \(option).\n\(Self.usage)")
        }
    }

    private static func count(_ option: String, _ value: String) throws -> Int {
        guard let number = Int(value), number > 0 else { throw BenchError("\(option) needs a number above 0.") }
        return number
    }

    /// Servers are started in folders of their own, so every path is made absolute.
    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}

/// The workloads by the names that `--only` takes.
enum WorkloadName: String, CaseIterable {
    case w1 = "W1"
    case w2 = "W2"
    case w3 = "W3"
    case w4 = "W4"
    case w5 = "W5"
    case w6 = "W6"
    case w7 = "W7"
    case w8 = "W8"
    case w9 = "W9"
    case w10 = "W10"
    case w11 = "W11"
    case w12 = "W12"
    case w13 = "W13"

    static var list: String { allCases.map(\.rawValue).joined(separator: ",") }
}

/// The servers that the gateway is compared with.
enum PeerName: String, CaseIterable {
    case nginxLargeBuffer = "nginx-1m"
    case nginx = "nginx"
    case lighttpd = "lighttpd"
    case tusd = "tusd"
    case limitDirect = "limit-direct"
    case limitSplice = "limit-splice"

    static var list: String { allCases.map(\.rawValue).joined(separator: ",") }
}
