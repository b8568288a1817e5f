import Foundation

/// Stands between a gateway and its data folder: records what it does there, makes calls fail or slow, moves its clock.
/// It is a small library in C that the gateway is started with.
struct DiskProbe: Sendable {
    /// What can be made to fail, as `probe.h` counts it.
    enum Call: Int {
        case sync, write, shortWrite
        /// Opening for writing, making, renaming and removing.
        case change
    }

    let log: String
    private let control: String
    private let library: String
    private let folder: String

    /// Whether a library can stand before the one of the system.
    static var isPossible: Bool {
        #if canImport(Glibc)
            true
        #else
            false
        #endif
    }

    private static let clockAt = 0
    private static let seedAt = 8
    private static let faultsAt = 16
    private static let faultBytes = 64
    private static let delayAt = 16 + 4 * 64
    private static let controlBytes = delayAt + 64

    /// - Parameter folder: an existing one.
    init(watching folder: String) async throws {
        self.folder = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        library = try await Self.built()
        log = try Scratch.file("log")
        control = try Scratch.file("control", holding: Data(count: Self.controlBytes))
    }

    /// The library, built when it is first wanted.
    private static func built() async throws -> String {
        let library = "\(Scratch.folder)/probe.so"
        guard !FileManager.default.fileExists(atPath: library) else { return library }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Probe/probe.c").path
        let draft = try Scratch.file("probe.so")
        try await Command.succeed("clang", ["-shared", "-fPIC", "-O1", "-o", draft, source])
        try? FileManager.default.moveItem(atPath: draft, toPath: library)
        return library
    }

    /// What a gateway is started with.
    func environment(isRecording: Bool = true) -> [String: String] {
        var variables = ["LD_PRELOAD": library, "PROBE_FOLDER": folder, "PROBE_CONTROL": control]
        if isRecording { variables["PROBE_LOG"] = log }
        return variables
    }

    /// How many bytes of the log there are now.
    var position: Int { get throws { try Scratch.sizeBytes(log) } }

    // MARK: Faults

    /// Makes the next calls of a kind fail.
    ///
    /// - Parameters:
    ///   - filter: part of the path below the folder; empty for any.
    ///   - oneIn: only one in so many, by chance.
    func fail(
        _ call: Call, _ error: CInt, times: Int32 = .max, at filter: String = "", oneIn: Int32 = 1, seed: UInt64 = 0
    ) throws {
        var name = Data(filter.utf8.prefix(47))
        name.append(Data(count: 48 - name.count))
        try put(0 as Int32, at: place(of: call))
        try put(seed, at: Self.seedAt)
        try put(error, at: place(of: call) + 4)
        try put(oneIn, at: place(of: call) + 8)
        try put(name, at: place(of: call) + 16)
        try put(times, at: place(of: call))
    }

    /// From now on nothing fails any more.
    func heal() throws {
        for call in [Call.sync, .write, .shortWrite, .change] { try put(0 as Int32, at: place(of: call)) }
    }

    /// How many calls failed.
    func failedCount(_ call: Call) throws -> Int {
        let bytes = try Scratch.bytes(control)[(place(of: call) + 12)..<(place(of: call) + 16)]
        return Int(bytes.reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) })
    }

    /// Lets each write and each sync take so much longer from now on.
    ///
    /// - Parameter filter: part of the path below the folder; never empty.
    func slow(microseconds: Int32, at filter: String) throws {
        try put(0 as Int32, at: Self.delayAt)
        let name = Data(filter.utf8.prefix(59))
        try put(name + Data(count: 60 - name.count), at: Self.delayAt + 4)
        try put(microseconds, at: Self.delayAt)
    }

    /// Moves the time of day; what counts elapsed time goes on as before.
    func turnClock(seconds: Int64) throws { try put(seconds, at: Self.clockAt) }

    private func place(of call: Call) -> Int { Self.faultsAt + call.rawValue * Self.faultBytes }

    private func put(_ value: some FixedWidthInteger, at place: Int) throws {
        try put(withUnsafeBytes(of: value.littleEndian) { Data($0) }, at: place)
    }

    private func put(_ bytes: Data, at place: Int) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: control))
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: bytes)
        try file.close()
    }
}

extension Scratch {
    static func sizeBytes(_ path: String) throws -> Int {
        let facts = try FileManager.default.attributesOfItem(atPath: path)
        guard let size = facts[.size] as? Int else { throw Trouble("\(path) has no size") }
        return size
    }
}
