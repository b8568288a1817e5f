import Foundation

/// A server in C that does as little as possible: what the machine has to give.
final class Limit: FileServer {
    enum Way: String {
        case direct
        case splice
    }

    private let way: Way
    private let program: String

    init(_ way: Way, program: String) {
        self.way = way
        self.program = program
        switch way {
        case .direct:
            super.init(name: PeerName.limitDirect.rawValue, promise: "on the device, unchecked", isDurable: true)
        case .splice: super.init(name: PeerName.limitSplice.rawValue, promise: "page cache", isDurable: false)
        }
    }

    override func launch(in folder: String, log: String) throws -> ChildProcess {
        try ChildProcess(
            program, [way.rawValue, "--port", "\(port)", "--folder", storage], output: log, errors: log)
    }

    /// It knows one folder and takes the last word of the path as the name.
    override func prepareRound(_ round: Int) throws {}
    override func target(round: Int, number: Int) -> String { "/r\(round)-\(number).mp4" }
}
