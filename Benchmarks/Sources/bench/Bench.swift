import Dispatch
import Foundation

/// Starts the gateway and its peers, loads them alike, and writes down what the kernel counted.
@main
struct Bench {
    private let options: Options
    private let machine: Machine
    private let peers: [PeerName]
    private let load: Load
    private var remarks: [String]
    private var titles: [Report.Title] = []
    private var samples: [Sample] = []
    private var brokeOff = false

    static func main() {
        do {
            if CommandLine.arguments.contains("--help") {
                print(Options.usage)
                return
            }
            ChildProcess.extendPath()
            var bench = try Bench(try Options(Array(CommandLine.arguments.dropFirst())))
            try bench.run()
        } catch {
            Log.say("bench: \(error)")
            exit(1)
        }
    }

    private init(_ options: Options) throws {
        self.options = options
        for folder in [options.folder, options.memoryFolder, Self.scratch(options)] { try Disk.makeFolder(folder) }
        Self.watchForInterruption(folders: Self.workFolders(options))
        remarks = []
        var found: [PeerName] = []
        for peer in options.peers {
            if ChildProcess.isOnPath(Self.program(of: peer)) || [.limitDirect, .limitSplice].contains(peer) {
                found.append(peer)
            } else {
                remarks.append("\(peer.rawValue) is not installed and was left out.")
            }
        }
        peers = found
        machine = Machine(options, peers: found)
        if Machine.fileSystem(of: options.memoryFolder) != "tmpfs" {
            remarks.append("The memory folder is not on tmpfs.")
        }
        load = Load(program: options.load, folder: Self.scratch(options))
    }

    /// Requests and answers are written in memory, so that the disk has nothing to do but what is measured.
    private static func scratch(_ options: Options) -> String { options.memoryFolder + "/scratch" }
    private static func workFolder(_ options: Options, _ place: Place) -> String {
        (place == .disk ? options.folder : options.memoryFolder) + "/servers"
    }
    private static func workFolders(_ options: Options) -> [String] {
        Place.allCases.map { workFolder(options, $0) } + [scratch(options)]
    }

    private static func program(of peer: PeerName) -> String {
        switch peer {
        case .nginx, .nginxLargeBuffer: "nginx"
        case .lighttpd: "lighttpd"
        case .tusd: "tusd"
        case .limitDirect, .limitSplice: "limits"
        }
    }

    /// Leaves nothing behind when somebody presses Ctrl-C.
    private static func watchForInterruption(folders: [String]) {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                ChildProcess.stopAll()
                for folder in folders { Disk.remove(folder) }
                exit(130)
            }
            source.activate()
            // A source that nobody holds is cancelled; this one is held by its own handler until the program ends.
            source.setCancelHandler { _ = source }
        }
    }

    // MARK: Running

    private mutating func run() throws {
        let start = ContinuousClock.now
        let descriptorLimit = Machine.raiseDescriptorLimit()
        defer { for folder in Self.workFolders(options) { Disk.remove(folder) } }
        for folder in Self.workFolders(options) {
            Disk.remove(folder)
            try Disk.makeFolder(folder)
        }
        if options.scale == 1 {
            let touching = ContinuousClock.now
            Machine.touchMemory(most: options.isQuick ? 4 * Sizes.gibibyte : .max)
            Log.say("touched memory for \(Report.number(touching.elapsedSeconds)) s")
        }
        let sizes = Sizes(isQuick: options.isQuick, scale: options.scale)
        for workload in Self.workloads(sizes, descriptorLimit: descriptorLimit) {
            guard options.only.isEmpty || options.only.contains(workload.name.rawValue) else { continue }
            run(workload)
            ChildProcess.waitIfStopping()
        }
        remarks.append("The run took \(Report.number(start.elapsedSeconds / 60)) minutes.")
        let report = Report(options, machine: machine, titles: titles, remarks: remarks, samples: samples)
        try report.write(options)
        print(report.markdown)
        if brokeOff || report.rows.contains(where: { $0.failures > 0 }) {
            throw BenchError("Something failed; the report says what.")
        }
    }

    /// W4 on the disk comes last: the many files that it deletes at its end slow the making of others down. As it keeps
    /// the files of all rounds, the limit that promises nothing is left out there for want of room.
    private static func workloads(_ sizes: Sizes, descriptorLimit: Int) -> [any Workload] {
        let slowPeers: Set<PeerName> = [.nginxLargeBuffer, .nginx, .lighttpd, .tusd]
        let inTouchedMemory: [(WorkloadName, Transfer)] = [(.w1, sizes.whole), (.w2, sizes.eight), (.w3, sizes.parts)]
        let warm: [any Workload] = inTouchedMemory.map { name, transfer in
            TransferWorkload(
                name: name, place: .disk, transfer: transfer, touchesMemory: true, maximumRounds: 3,
                peers: [.nginxLargeBuffer, .nginx, .limitDirect])
        }
        let plain: [any Workload] = [
            TransferWorkload(name: .w1, place: .disk, transfer: sizes.whole),
            TransferWorkload(name: .w1, place: .disk, transfer: sizes.whole, client: .curl),
            TransferWorkload(name: .w2, place: .disk, transfer: sizes.eight),
            TransferWorkload(name: .w3, place: .disk, transfer: sizes.parts),
        ]
        let others: [any Workload] = [
            TransferWorkload(name: .w1, place: .memory, transfer: sizes.whole),
            TransferWorkload(name: .w4, place: .memory, transfer: sizes.smallParts, clockCoversFinish: false),
            TransferWorkload(
                name: .w5, place: .disk, transfer: sizes.slow, maximumRounds: sizes.isQuick ? 1 : 3, peers: slowPeers),
            CallsWorkload(sizes: sizes),
            GrantsWorkload(sizes: sizes),
            FinalizeWorkload(sizes: sizes),
            DownloadWorkload(sizes: sizes),
            IdleWorkload(sizes: sizes, descriptorLimit: descriptorLimit),
            OverloadWorkload(sizes: sizes, descriptorLimit: descriptorLimit),
            AppendWorkload(sizes: sizes),
            TakeoverWorkload(sizes: sizes),
            TransferWorkload(
                name: .w4, place: .disk, transfer: sizes.smallParts, clockCoversFinish: false,
                removesBetweenRounds: false, peers: Set(PeerName.allCases).subtracting([.limitSplice])),
        ]
        return plain + (sizes.isQuick ? [] : warm) + others
    }

    /// Runs one workload; what breaks it is a remark in the report, and the others go on.
    private mutating func run(_ workload: any Workload) {
        let place = workload.place
        let folder = Self.workFolder(options, place)
        Log.say("\(workload.name.rawValue) on \(Machine.fileSystem(of: folder)): \(workload.title)")
        if !titles.contains(where: { $0.workload == workload.name && $0.place == place }) {
            titles.append(Report.Title(workload: workload.name, place: place, text: workload.title))
        }
        let gateway = Gateway(options, load: load)
        let stage = Stage(
            folder: folder, place: place, rounds: options.rounds, load: load, gateway: gateway,
            peers: peers.filter { workload.peers.contains($0) }.map { makeServer($0) })
        do {
            let needed = workload.neededBytes(servers: stage.servers.count, rounds: options.rounds)
            try Disk.require(needed, in: folder, at: place)
            for server in stage.servers {
                let own = folder + "/" + server.name
                try Disk.makeFolder(own)
                try server.start(in: own)
            }
            _ = try Disk.sync(folder)
            try workload.run(on: stage, into: &samples)
        } catch {
            ChildProcess.waitIfStopping()
            brokeOff = true
            remarks.append("**\(workload.name.rawValue) on \(place.rawValue) BROKE OFF: \(error)**")
            Log.say("  BROKE OFF: \(error)")
        }
        for server in stage.servers {
            let hadDied = server.process?.hasExited ?? false
            server.stop()
            guard hadDied else { continue }
            brokeOff = true
            remarks.append("**\(server.name) ended by itself during \(workload.name.rawValue) on \(place.rawValue).**")
        }
        do {
            try Disk.removeContents(of: folder)
            _ = try Disk.sync(folder)
        } catch {
            remarks.append("The files of \(workload.name.rawValue) were not removed: \(error)")
        }
    }

    private func makeServer(_ peer: PeerName) -> any Server {
        switch peer {
        case .nginxLargeBuffer: Nginx(bodyBuffer: "1m")
        case .nginx: Nginx(bodyBuffer: nil)
        case .lighttpd: Lighttpd()
        case .tusd: Tusd()
        case .limitDirect: Limit(.direct, program: options.limits)
        case .limitSplice: Limit(.splice, program: options.limits)
        }
    }
}
