import Foundation

/// A program that takes bytes in, started afresh for a workload.
protocol Server: AnyObject {
    var name: String { get }
    /// What its answer promises on a disk, in a few words for the table.
    var promise: String { get }
    var isDurable: Bool { get }
    var port: UInt16 { get }
    var process: ChildProcess? { get }
    /// Below it lies everything that it was sent.
    var storage: String { get }

    /// Starts it with everything that it needs in a folder of its own.
    func start(in folder: String) throws
    func stop()
    /// Makes a transfer ready, under names of this round.
    func job(for transfer: Transfer, round: Int) throws -> Job
    /// Removes what was stored, outside of every clock.
    func clear() throws
}

extension Server {
    var tree: ProcessTree { ProcessTree(root: process?.pid ?? 0) }

    func stop() { process?.stop(graceSeconds: 20) }

    /// Waits until the server accepts connections.
    func waitUntilReady(_ log: String) throws {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if let process, process.hasExited { break }
            if (try? Connection(port: port)) != nil { return }
            usleep(20_000)
        }
        let said = (try? String(contentsOfFile: log, encoding: .utf8))?.suffix(600) ?? ""
        throw BenchError("\(name) does not listen on its port. \(said)")
    }

    /// Sees that what was acknowledged is there, in size.
    func verify(_ transfer: Transfer) throws {
        let stored = Disk.storedBytes(storage)
        guard stored >= transfer.totalBytes else {
            throw BenchError("\(name) has stored \(stored) bytes of \(transfer.totalBytes) that it acknowledged.")
        }
    }
}

/// A peer that stores each `PUT` in a file of the name that is asked for.
class FileServer: Server {
    let name: String
    let promise: String
    let isDurable: Bool
    private(set) var port: UInt16 = 0
    private(set) var process: ChildProcess?
    private(set) var storage = ""

    init(name: String, promise: String, isDurable: Bool) {
        self.name = name
        self.promise = promise
        self.isDurable = isDurable
    }

    func start(in folder: String) throws {
        storage = folder + "/files"
        try Disk.makeFolder(storage)
        port = try Connection.freePort()
        let log = folder + "/log"
        process = try launch(in: folder, log: log)
        try waitUntilReady(log)
    }

    /// Starts the program itself; it listens on `port` and stores below `storage`.
    func launch(in folder: String, log: String) throws -> ChildProcess {
        throw BenchError("\(name) cannot be started.")
    }

    func job(for transfer: Transfer, round: Int) throws -> Job {
        try prepareRound(round)
        let requests = (1...transfer.count).map { number in
            request(target(round: round, number: number), bytes: transfer.bytes)
        }
        return Job(requests: requests)
    }

    func prepareRound(_ round: Int) throws { try Disk.makeFolder("\(storage)/r\(round)") }

    func target(round: Int, number: Int) -> String { "/r\(round)/\(number).mp4" }

    func request(_ target: String, bytes: Int64) -> Request {
        Request(method: "PUT", target: target, body: .generated(bytes), headers: [("Content-Type", "video/mp4")])
    }

    func clear() throws { try Disk.removeContents(of: storage) }
}
