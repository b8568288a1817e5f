import Foundation

/// nginx with its WebDAV module, two workers.
final class Nginx: FileServer {
    /// `client_body_buffer_size`; `nil` leaves it at the default of 16 KiB.
    private let bodyBuffer: String?

    init(bodyBuffer: String?) {
        self.bodyBuffer = bodyBuffer
        let name: PeerName = bodyBuffer == nil ? .nginx : .nginxLargeBuffer
        super.init(name: name.rawValue, promise: "page cache", isDurable: false)
    }

    override func launch(in folder: String, log: String) throws -> ChildProcess {
        let file = folder + "/nginx.conf"
        try configuration(folder).write(toFile: file, atomically: false, encoding: .utf8)
        return try ChildProcess("nginx", ["-p", folder, "-c", file, "-e", log], output: "/dev/null", errors: log)
    }

    /// Bodies wait in a folder of the same file system, so that storing one is a rename.
    private func configuration(_ folder: String) -> String {
        """
        daemon off;
        master_process on;
        \(geteuid() == 0 ? "user root;" : "")
        worker_processes 2;
        worker_rlimit_nofile 16384;
        pid \(folder)/nginx.pid;
        error_log \(folder)/log error;
        events { worker_connections 12000; }
        http {
            access_log off;
            log_not_found off;
            sendfile on;
            keepalive_requests 1000000;
            keepalive_timeout 300s;
            client_max_body_size 0;
            \(bodyBuffer.map { "client_body_buffer_size \($0);" } ?? "")
            client_body_temp_path \(folder)/temp;
            proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi;
            uwsgi_temp_path \(folder)/uwsgi;
            scgi_temp_path \(folder)/scgi;
            default_type application/octet-stream;
            server {
                listen 127.0.0.1:\(port) backlog=4096;
                root \(storage);
                dav_methods PUT;
                create_full_put_path on;
            }
        }

        """
    }
}
