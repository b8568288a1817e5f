import Foundation

/// tusd; a file is sent with the request that creates its upload, unless it is sent in order.
final class Tusd: FileServer, AppendServer {
    let appendDialects = [AppendDialect.tus]
    let appendAuthorization: [(name: String, value: String)] = []
    // Everything below its folder is deleted.
    func keep(_ target: String) {}

    init() { super.init(name: PeerName.tusd.rawValue, promise: "page cache", isDurable: false) }

    override func launch(in folder: String, log: String) throws -> ChildProcess {
        // Its output, which tells of every request, goes nowhere: no server here keeps a log of requests.
        try ChildProcess(
            "tusd",
            [
                "-host", "127.0.0.1", "-port", "\(port)", "-upload-dir", storage, "-base-path", "/files/",
                "-verbose=false",
            ], output: "/dev/null", errors: log)
    }

    /// It names files itself, all in one folder.
    override func prepareRound(_ round: Int) throws {}

    override func request(_ target: String, bytes: Int64) -> Request {
        Request(
            method: "POST", target: "/files/", body: .generated(bytes),
            headers: [
                ("Tus-Resumable", "1.0.0"), ("Upload-Length", "\(bytes)"),
                ("Content-Type", "application/offset+octet-stream"),
            ])
    }
}
