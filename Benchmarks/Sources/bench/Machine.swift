import Foundation

/// What the numbers were measured on.
struct Machine: Codable {
    let kernel: String
    let processor: String
    let cores: Int
    let memoryBytes: Int64
    /// File systems with their options, by place.
    let fileSystems: [String: String]
    /// Programs and what they say of their version.
    let versions: [String: String]
    let date: String

    init(_ options: Options, peers: [PeerName]) {
        var names = utsname()
        uname(&names)
        kernel = Self.text(&names.sysname) + " " + Self.text(&names.release) + " " + Self.text(&names.machine)
        let model = (ProcessTree.read("/proc/cpuinfo") ?? "").split(separator: "\n")
            .first { $0.hasPrefix("model name") }
        processor =
            model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryBytes = Self.memory("MemTotal:")
        fileSystems = [
            Place.disk.rawValue: Self.fileSystem(of: options.folder, withOptions: true),
            Place.memory.rawValue: Self.fileSystem(of: options.memoryFolder, withOptions: true),
        ]
        versions = Self.versions(options, peers: peers)
        date = Date.now.formatted(.iso8601.year().month().day())
    }

    private static func text<Field>(_ field: inout Field) -> String {
        withUnsafeBytes(of: &field) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func versions(_ options: Options, peers: [PeerName]) -> [String: String] {
        var asked: [(name: String, program: String, argument: String)] = [("curl", "curl", "--version")]
        if peers.contains(.nginx) || peers.contains(.nginxLargeBuffer) { asked.append(("nginx", "nginx", "-v")) }
        if peers.contains(.lighttpd) { asked.append(("lighttpd", "lighttpd", "-v")) }
        if peers.contains(.tusd) { asked.append(("tusd", "tusd", "-version")) }
        var found: [String: String] = [:]
        for one in asked {
            let answer = ChildProcess.text(one.program, [one.argument], in: options.folder)
            let line = answer?.text.split(separator: "\n").first ?? ""
            found[one.name] = line.prefix { $0 != "(" }.trimmingCharacters(in: .whitespaces)
        }
        found["sluice"] = options.revision
        return found
    }

    /// The kind of the file system that holds a folder, as `ext4` or, with its options, `ext4 (rw,relatime)`.
    static func fileSystem(of folder: String, withOptions: Bool = false) -> String {
        var best: (point: Substring, text: String) = ("", "unknown")
        for line in (ProcessTree.read("/proc/self/mounts") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3 else { continue }
            let point = fields[1]
            let isAbove = folder == point || folder.hasPrefix(point == "/" ? "/" : point + "/")
            // The later of two mounts at one point hides the earlier.
            guard isAbove, point.count >= best.point.count else { continue }
            best = (point, withOptions ? "\(fields[2]) (\(fields[3]))" : String(fields[2]))
        }
        return best.text
    }

    static func memory(_ field: String) -> Int64 {
        let line = (ProcessTree.read("/proc/meminfo") ?? "").split(separator: "\n").first { $0.hasPrefix(field) }
        let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int64($0) }
        return (kibibytes ?? 0) << 10
    }

    /// Fills part of the free memory and gives it back.
    ///
    /// On a virtual machine a page that the host has taken back costs two to eight times as much when it is touched
    /// first, and whoever is measured first would pay for all.
    ///
    /// - Parameter most: what is enough for a run, in bytes.
    static func touchMemory(most: Int64) {
        let byteCount = Int(min(Double(memory("MemAvailable:")) * 0.6, Double(most)))
        let protection = PROT_READ | PROT_WRITE
        guard let start = mmap(nil, byteCount, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED
        else { return }
        for offset in stride(from: 0, to: byteCount, by: 4096) {
            start.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
        }
        munmap(start, byteCount)
    }

    /// Raises the number of descriptors that this program and its children may have.
    ///
    /// - Returns: the number.
    static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }
}
