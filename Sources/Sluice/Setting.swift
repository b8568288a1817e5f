/// One option of the gateway: a command-line option, an environment variable and a key of the YAML file.
package struct Setting: Sendable {
    package enum Kind: Sendable {
        case text(fallback: String)
        case number(fallback: Int, allowed: ClosedRange<Int>)
        case flag(fallback: Bool)
    }

    /// As in `--data-dir` and `data-dir:`; the variable is `SLUICE_DATA_DIR`.
    package let name: String
    package let kind: Kind
    /// What it does, with its unit.
    package let help: String

    package var variable: String { "SLUICE_" + name.uppercased().replacing("-", with: "_") }

    package var fallbackText: String {
        switch kind {
        case .text(let fallback): fallback.isEmpty ? "none" : fallback
        case .number(let fallback, _): String(fallback)
        case .flag(let fallback): String(fallback)
        }
    }

    /// Every option, in the order that help shows.
    package static let all: [Setting] = listening + storage + uploads + publishing + connections

    private static let listening: [Setting] = [
        text("host", "127.0.0.1", "Address to listen on."),
        number("port", 8080, 1...65535, "Port to listen on."),
        text("public-url", "", "Where clients reach the gateway, for the URLs it hands out; default http://HOST:PORT."),
        text(
            "trusted-proxies", "",
            "Address ranges, with commas, of proxies whose Forwarded and X-Forwarded-* fields are believed."),
        text("data-dir", "./sluice-data", "Folder of the catalog and the files; made if it is not there."),
        text("log-level", "info", "trace, debug, info, notice, warning, error or critical."),
        number("drain-seconds", 30, 0...3600, "How long running requests may go on after SIGTERM, in seconds."),
    ]

    private static let storage: [Setting] = [
        flag("direct-io", true, "Write large bodies past the page cache where the file system can."),
        number("block-memory-bytes", 32 << 20, (1 << 20)...(16 << 30), "Memory for gathering bodies, in bytes."),
        number("disk-threads", 8, 1...256, "Threads that wait for the disk."),
        number(
            "catalog-busy-seconds", 10, 1...600,
            "How long a change waits for another program that writes the catalog, in seconds."),
        number("free-disk-reserve-bytes", 1 << 30, 0...(1 << 50), "Free space that no upload may take, in bytes."),
        number("reaper-seconds", 30, 1...86_400, "How often old uploads are looked for, in seconds."),
        number("sweep-seconds", 3600, 1...604_800, "How often leftovers of a crash are looked for, in seconds."),
    ]

    private static let uploads: [Setting] = [
        text("accept", "all", "Formats to accept, by short name or media type, with commas; or all."),
        number("max-upload-bytes", 128 << 30, 1...(1 << 50), "The largest file, in bytes."),
        number("part-bytes", 8 << 20, 1...(5 << 30), "Part size where the client names none, in bytes."),
        number("max-parts", 10_000, 1...1_000_000, "The most parts of one upload."),
        number("max-open-uploads", 10_000, 1...10_000_000, "Open uploads of one tenant."),
        number(
            "max-stored-bytes-per-tenant", 0, 0...(1 << 60),
            "Files of one tenant and what its open uploads announced, in bytes; 0 sets no bound."),
        number(
            "max-open-bytes-per-tenant", 0, 0...(1 << 60),
            "What the open uploads of one tenant announced or sent, in bytes; 0 sets no bound."),
        number(
            "upload-lifetime-seconds", 86_400, 1...31_536_000,
            "An upload without a new part is given up after this, in seconds."),
        number("link-lifetime-seconds", 3600, 1...3600, "How long a signed URL may be used, in seconds."),
        number("tombstone-seconds", 86_400, 3600...31_536_000, "How long an ended upload is remembered, in seconds."),
    ]

    private static let publishing: [Setting] = [
        text("finalize-endpoints", "", "Names, with commas, of the endpoints that are told of files and items."),
        text("finalize-verify-url", "", "Asked before an item is accepted: a 4xx refuses it with its message."),
        text("finalize-verify-secret", "", "What questions to it are signed with: whsec_ and base64."),
        number("handoff-timeout-seconds", 15, 1...300, "For one answer of an endpoint, in seconds."),
        number(
            "handoff-retry-milliseconds", 250, 10...3_600_000,
            "Before an event is sent again; doubled each time, up to an hour. In milliseconds."),
        number("handoff-attempts", 30, 1...1000, "After so many failures an event is kept as a dead letter."),
        flag("examine-media", true, "Find facts of finished media out and make copies of images, in child processes."),
        number("max-image-pixels", 100_000_000, 1...2_000_000_000, "Images with more pixels are not resized."),
        number("max-gallery-bytes", 30 << 20, 1...(1 << 40), "The largest file of /api/media/upload, in bytes."),
        number(
            "file-lifetime-seconds", 0, 0...3_153_600_000,
            "Finished files are deleted after this, with their items; in seconds, 0 keeps them."),
        text("pull-allow", "", "Address ranges, with commas, that files may be fetched from besides public ones."),
        text("pull-deny", "", "Address ranges, with commas, that files are never fetched from."),
        number("pull-max-bytes", 5 << 30, 1...(1 << 50), "The largest file that is fetched, in bytes."),
        number("pull-timeout-seconds", 300, 1...86_400, "For fetching one file, in seconds."),
        number("pull-threads", 16, 1...1024, "Files that are fetched at once; more wait."),
    ]

    /// What can be said of one endpoint that `finalize-endpoints` names.
    static func endpoint(_ name: String) -> [Setting] {
        [
            text("finalize-\(name)-url", "", "Where it is told: an http:// or https:// address."),
            text("finalize-\(name)-secret", "", "What is signed with: whsec_ and base64 of 24 to 64 bytes."),
            text("finalize-\(name)-events", "all", "What it is told of, with commas."),
        ]
    }

    private static let connections: [Setting] = [
        number("max-connections", 16_384, 1...1_000_000, "Connections at once."),
        number("max-head-bytes", 32 << 10, 1024...(1 << 20), "The largest request head, in bytes."),
        number("head-timeout-seconds", 20, 1...3600, "For the first request head of a connection, in seconds."),
        number("idle-timeout-seconds", 75, 1...3600, "Between two requests of a connection, in seconds."),
        number("body-timeout-seconds", 60, 1...3600, "For a silence inside a body, in seconds."),
        number(
            "min-body-bytes-per-second", 64, 0...(1 << 30),
            "A body that stays slower is given up; bytes per second."),
        number(
            "min-download-bytes-per-second", 64, 0...(1 << 30),
            "A client that reads an answer more slowly, for as long as body-timeout-seconds, is cut off; "
                + "bytes per second."),
        number(
            "requests-per-second-and-key", 0, 0...1_000_000,
            "What one API key may ask in the long run, and at once after a pause; 0 for no limit."),
        number(
            "requests-per-second-and-address", 0, 0...1_000_000,
            "The same for one network address, a /64 of IPv6; 0 for no limit. Behind a proxy only with trusted-proxies."
        ),
        text(
            "cors-origins", "", "Origins, with commas, whose web pages may use the gateway; * for all."),
        number("refused-drain-bytes", 16 << 20, 0...(1 << 30), "What is read away of a refused body, in bytes."),
        number("refused-drain-seconds", 8, 0...600, "How long a refused body is read away, in seconds."),
    ]

    private static func text(_ name: String, _ fallback: String, _ help: String) -> Setting {
        Setting(name: name, kind: .text(fallback: fallback), help: help)
    }

    private static func number(_ name: String, _ fallback: Int, _ allowed: ClosedRange<Int>, _ help: String) -> Setting
    {
        Setting(name: name, kind: .number(fallback: fallback, allowed: allowed), help: help)
    }

    private static func flag(_ name: String, _ fallback: Bool, _ help: String) -> Setting {
        Setting(name: name, kind: .flag(fallback: fallback), help: help)
    }

    /// The help text of all options, with defaults and variables.
    package static var help: String {
        (all + endpoint("NAME")).map { setting in
            var usage = "--\(setting.name)"
            switch setting.kind {
            case .text: usage += " TEXT"
            case .number: usage += " NUMBER"
            case .flag: usage += " true|false"
            }
            return "  \(usage)\n      \(setting.help)\n      [default: \(setting.fallbackText), \(setting.variable)]"
        }.joined(separator: "\n")
    }
}
