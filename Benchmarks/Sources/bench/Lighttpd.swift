import Foundation

/// lighttpd with mod_webdav, one process, as it is by default.
final class Lighttpd: FileServer {
    init() { super.init(name: PeerName.lighttpd.rawValue, promise: "page cache", isDurable: false) }

    override func launch(in folder: String, log: String) throws -> ChildProcess {
        let file = folder + "/lighttpd.conf"
        try Disk.makeFolder(folder + "/temp")
        try configuration(folder, log: log).write(toFile: file, atomically: false, encoding: .utf8)
        return try ChildProcess("lighttpd", ["-D", "-f", file], output: log, errors: log)
    }

    private func configuration(_ folder: String, log: String) -> String {
        """
        server.modules = ( "mod_webdav" )
        server.document-root = "\(storage)"
        server.bind = "127.0.0.1"
        server.port = \(port)
        server.upload-dirs = ( "\(folder)/temp" )
        server.errorlog = "\(log)"
        server.max-fds = 16384
        server.max-connections = 8192
        server.max-keep-alive-requests = 1000000
        server.max-keep-alive-idle = 300
        server.listen-backlog = 4096
        webdav.activate = "enable"
        webdav.is-readonly = "disable"

        """
    }
}
