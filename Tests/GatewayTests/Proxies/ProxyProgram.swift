import Foundation
import Testing

/// A reverse proxy of Debian's, with the configuration that stands in `Sluice.docc/Proxies`: what is tested is what is told.
enum ProxyProgram: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case nginx, haproxy, caddy

    var testDescription: String { rawValue }

    /// The name that clients know the proxy by; nobody resolves it here.
    static let host = "uploads.example.com"

    /// Whether interim answers other than `100 Continue` come through.
    var passesInterimAnswers: Bool { self != .nginx }

    private var document: String {
        switch self {
        case .nginx: "nginx.conf"
        case .haproxy: "haproxy.cfg"
        case .caddy: "Caddyfile"
        }
    }

    /// What a test must change: where the gateway is, and where the proxy listens.
    private func changes(gateway: Int, port: Int) -> [(written: String, meant: String)] {
        let target = ("127.0.0.1:8080", "127.0.0.1:\(gateway)")
        switch self {
        case .nginx: return [target, ("listen 80;", "listen 127.0.0.1:\(port);")]
        case .haproxy: return [target, ("bind :80\n", "bind 127.0.0.1:\(port)\n")]
        // Without the scheme it would ask for a certificate.
        case .caddy:
            return [target, ("\n\(Self.host) {\n", "\nhttp://\(Self.host):\(port) {\n\tbind 127.0.0.1\n")]
        }
    }

    private func configuration(gateway: Int, port: Int) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        var text = try String(
            contentsOf: root.appendingPathComponent("Sources/Sluice/Sluice.docc/Proxies/\(document)"), encoding: .utf8)
        for change in changes(gateway: gateway, port: port) {
            guard text.ranges(of: change.written).count == 1 else {
                throw Trouble("\(document) does not say \(change.written) once")
            }
            text = text.replacing(change.written, with: change.meant)
        }
        return text
    }

    /// Around a site of nginx: in the foreground, and with everything that it writes in one folder.
    private static func nginxFrame(_ folder: String) -> String {
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(folder)/\($0);" }.joined(separator: " ")
        return """
            daemon off;
            \(geteuid() == 0 ? "user root;" : "")
            worker_processes 1;
            pid \(folder)/pid;
            events {}
            http { access_log off; \(folders) include \(folder)/nginx.conf; }

            """
    }

    /// Starts the proxy before a gateway, in a folder of its own.
    func launch(in folder: String, port: Int, gateway: Int, log: String) throws -> ChildProcess {
        let file = "\(folder)/\(document)"
        var text = try configuration(gateway: gateway, port: port)
        let command: [String]
        switch self {
        case .nginx:
            try Data(Self.nginxFrame(folder).utf8).write(to: URL(fileURLWithPath: "\(folder)/frame.conf"))
            command = ["-p", folder, "-c", "\(folder)/frame.conf", "-e", "\(folder)/errors"]
        case .haproxy: command = ["-db", "-f", file]
        case .caddy:
            text = "{\n\tadmin off\n}\n" + text
            command = ["run", "--config", file, "--adapter", "caddyfile"]
        }
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        do {
            return try Command.start(
                rawValue, command, environment: ["HOME": folder], folder: folder, output: log, errors: "\(log)-errors")
        } catch {
            throw Trouble("\(rawValue) is missing; Scripts/setup --tests installs it: \(error)")
        }
    }
}
