import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension GatewayTests {
    /// `kill -9` at any moment, again and again, under clients that use every way of uploading.
    ///
    /// `SLUICE_TEST_KILLS` says how often; 40 times without it. `SLUICE_TEST_SEED` repeats a run: every decision
    /// follows from it, from the number of the round and from what was answered. Who comes first of several at the same
    /// time is decided by the machine, so a rare fault may need its seed several times.
    @Suite struct Torture {
        @Test func `every acknowledged byte outlives every kill`() async throws {
            let seed = RunSettings.seed
            let kills = RunSettings.kills(otherwise: 40)
            RunSettings.tell("kills begin with seed \(seed)")
            let start = Date()
            var run = try await TortureRun(seed: seed)
            do {
                for round in 1...kills { try await run.round(round) }
                try await run.end(round: kills + 1)
            } catch {
                Issue.record("seed \(seed): \(error)\n\(await run.account())")
            }
            RunSettings.tell("kills: seed \(seed), \(run.tally), \(Int(Date().timeIntervalSince(start))) s")
            Scratch.remove([run.folder])
        }
    }
}

/// A gateway that is killed, its clients, and what they know.
struct TortureRun {
    private static let clientCount = 6
    private static let maximumOpen = 80
    private static let options = [
        "--public-url", TortureClient.publicURL, "--examine-media", "false", "--free-disk-reserve-bytes", "0",
        "--max-open-uploads", "\(maximumOpen)",
    ]

    /// What the log of the catalog takes more for each write and each sync in some rounds: a kill that comes with an answer
    /// then comes long before a commit that the answer did not wait for.
    private static let slownessMicroseconds: Int32 = 4000

    let folder: String
    private let probe: DiskProbe?
    private let seed: UInt64
    private var random: SeededRandom
    private var clients: [TortureClient] = []
    private var gateway: RunningGateway?
    private var rounds = 0
    private var startKills = 0

    init(seed: UInt64) async throws {
        self.seed = seed
        random = SeededRandom(seed: seed)
        folder = try Scratch.newFolder("torture")
        probe = DiskProbe.isPossible ? try await DiskProbe(watching: folder) : nil
    }

    var tally: String {
        "\(rounds) kills and \(startKills) during the start, \(clients.reduce(0) { $0 + $1.acknowledged }) answers"
    }

    /// For the message of a failure.
    func account() async -> String {
        guard let gateway else { return "no gateway" }
        if gateway.process.isRunning { try? await gateway.kill() }
        let log = await (try? gateway.log.whole()) ?? gateway.log.text
        return "round \(rounds + 1), its log ends with: \(log.suffix(3000))"
    }

    // MARK: One life

    mutating func round(_ round: Int) async throws {
        random = SeededRandom(seed: seed &+ UInt64(round) &* 0x9E6C_63D0_876A_3F6B)
        if Int.random(in: 0..<6, using: &random) == 0 { try await killDuringStart() }
        // Leftovers of earlier kills are old enough to be swept, while the others go on.
        if Int.random(in: 0..<4, using: &random) == 0 { try age() }
        let gateway = try await start(round)
        try await inspect(gateway, isFull: round % 10 == 0)
        let isSlow = Int.random(in: 0..<3, using: &random) == 0
        try probe?.slow(microseconds: isSlow ? Self.slownessMicroseconds : 0, at: "-wal")
        let lastAnswer = Int.random(in: 0..<3, using: &random) > 0 ? Int.random(in: 1...40, using: &random) : .max
        let doom = Doom(of: gateway.process, withAnswer: lastAnswer)
        let most = [0.03, 0.15, 0.4].randomElement(using: &random) ?? 0.1
        let moment = Date().addingTimeInterval(.random(in: 0.005...most, using: &random))
        for index in clients.indices { clients[index].begin(stage: 2 * round + 1, over: Line(to: gateway, doom: doom)) }
        try await atOnce(until: doom, moment) { client in try await client.work() }
        guard try await gateway.process.ended() == -SIGKILL else { throw BrokenPromise("it died by itself") }
        try probe?.slow(microseconds: 0, at: "-wal")
        try await expectNoFaults(gateway)
        rounds += 1
    }

    private mutating func killDuringStart() async throws {
        let port = try RunningGateway.freePort()
        let (process, _) = try RunningGateway.launch(["--port", "\(port)", "--data-dir", folder] + Self.options)
        let doom = Doom(of: process)
        try await doom.comes(by: Date().addingTimeInterval(.random(in: 0...0.25, using: &random)))
        _ = try await process.ended()
        startKills += 1
    }

    private mutating func start(_ round: Int) async throws -> RunningGateway {
        let gateway = try await RunningGateway.start(
            folder: folder, options: Self.options, environment: probe?.environment(isRecording: false) ?? [:])
        self.gateway = gateway
        let line = Line(to: gateway, doom: Doom(of: nil))
        if clients.isEmpty {
            clients = (0..<Self.clientCount).map { TortureClient(number: $0, seed: seed, line: line) }
        }
        for index in clients.indices { clients[index].begin(stage: 2 * round, over: line) }
        return gateway
    }

    /// All clients work at the same time.
    private mutating func atOnce(
        until doom: Doom? = nil, _ moment: Date = Date(),
        _ work: @escaping @Sendable (inout TortureClient) async throws -> Void
    ) async throws {
        let before = clients
        clients = try await withThrowingTaskGroup(of: TortureClient?.self) { group in
            for client in before {
                group.addTask {
                    var client = client
                    try await work(&client)
                    return client
                }
            }
            if let doom {
                group.addTask {
                    try await doom.comes(by: moment)
                    return nil
                }
            }
            var after = before
            for try await client in group {
                if let client { after[client.number] = client }
            }
            return after
        }
    }

    // MARK: Comparing

    private mutating func inspect(_ gateway: RunningGateway, isFull: Bool) async throws {
        var inventory = try await Inventory(over: Line(to: gateway, doom: Doom(of: nil)))
        for index in clients.indices { try clients[index].settle(&inventory) }
        try inventory.expectNothingLeft()
        try await atOnce { client in try await client.inspect(isFull: isFull) }
        if isFull { try await expectSound(gateway) }
    }

    private func expectSound(_ gateway: RunningGateway) async throws {
        let check = try await gateway.command("check")
        guard check.exitCode == 0, check.output.contains("all sound") else {
            throw BrokenPromise("the check says \(check.output) \(check.errors)")
        }
    }

    private func expectNoFaults(_ gateway: RunningGateway) async throws {
        let log = try await gateway.log.whole()
        let faults = GatewayLog.faults(in: log)
        guard faults.isEmpty else { throw BrokenPromise("it logged faults of its own: \(faults)") }
        let leaks = GatewayLog.leaks(in: log, key: gateway.key)
        guard leaks.isEmpty else { throw BrokenPromise("it logged \(leaks)") }
    }

    // MARK: The end

    /// Everything is finished or given up; then nothing may be left of it but the files.
    mutating func end(round: Int) async throws {
        let last = try await start(round)
        try await inspect(last, isFull: true)
        // In peace for once: whoever waits for something that nobody gives back waits too long.
        let rest = Doom(of: nil)
        for index in clients.indices { clients[index].begin(stage: 2 * round + 1, over: Line(to: last, doom: rest)) }
        try await atOnce(until: rest, Date().addingTimeInterval(2)) { client in try await client.work() }
        let line = Line(to: last, doom: Doom(of: nil))
        for index in clients.indices { clients[index].begin(stage: 2 * round + 2, over: line) }
        try await atOnce { client in try await client.finishEverything() }
        // The gateway may need a moment to see that somebody hung up.
        try await eventually("nothing is open any more", seconds: 20) { try await Inventory(over: line).open.isEmpty }
        try await inspect(last, isFull: true)
        let inventory = try await Inventory(over: line)
        try await expectWholeQuota(line)
        guard try await last.stop() == 0 else { throw BrokenPromise("it did not end in order") }
        try await expectNoFaults(last)
        try age()
        let sweep = try await last.command("sweep")
        guard sweep.exitCode == 0 else { throw BrokenPromise("the sweep says \(sweep.output) \(sweep.errors)") }
        let check = try await last.command("check")
        guard check.exitCode == 0, check.output.contains("all sound, 0 leftovers") else {
            throw BrokenPromise("the check says \(check.output) \(check.errors), the sweep said \(sweep.output)")
        }
        for (name, count) in [("staged", 0), ("spool", 0), ("scratch", 0), ("files", inventory.files.count)] {
            let found = try files(in: name)
            guard found.count == count else { throw BrokenPromise("\(count) files belong in \(name): \(found)") }
        }
        let again = try await start(round + 1)
        try await inspect(again, isFull: true)
        guard try await again.stop() == 0 else { throw BrokenPromise("it did not end in order") }
        try await expectNoFaults(again)
    }

    /// As many uploads as are allowed can be begun, and not one more: none of those before takes a place.
    private func expectWholeQuota(_ line: Line) async throws {
        func begin() async throws -> RawAnswer? {
            await line.answer(to: try .json("POST", "/api/v1/uploads", ["fileName": "quota.mp4", "size": 1000]))
        }
        var begun: [String] = []
        for number in 1...Self.maximumOpen {
            guard let answer = try await begin(), answer.status == 201 else {
                throw BrokenPromise("no room for \(number) uploads")
            }
            begun.append(try answer.told(Told.Begun.self).fileId)
        }
        guard try await begin()?.status == 429 else { throw BrokenPromise("more uploads are open than allowed") }
        for id in begun {
            guard await line.answer(to: .delete("/api/v1/uploads/\(id)"))?.status == 204 else {
                throw BrokenPromise("\(id) was not given up")
            }
        }
    }

    /// Paths of the files in a folder of the data folder.
    private func files(in name: String) throws -> [String] {
        let paths = FileManager.default.enumerator(atPath: "\(folder)/\(name)")?.compactMap { $0 as? String } ?? []
        return paths.map { "\(folder)/\(name)/\($0)" }.filter { path in
            var isFolder = ObjCBool(false)
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    /// Lets two hours pass for all files: whatever nobody owns may be freed then.
    private func age() throws {
        let moment = Date().addingTimeInterval(-7200)
        for path in try ["staged", "spool", "files"].flatMap(files) {
            try FileManager.default.setAttributes([.modificationDate: moment], ofItemAtPath: path)
        }
    }
}
