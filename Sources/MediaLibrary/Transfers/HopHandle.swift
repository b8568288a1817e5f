import CCurl

/// libcurl's handle for one transfer, told everything that makes it safe to follow a URL from a stranger.
final class HopHandle {
    static let userAgent = "Sluice"

    let handle: UnsafeMutableRawPointer
    private let messageBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var list: UnsafeMutablePointer<curl_slist>?
    private var code = CURLE_OK

    init?() {
        guard let handle = curl_easy_init() else {
            messageBuffer.deallocate()
            return nil
        }
        self.handle = handle
        code = sluice_curl_set_error_buffer(handle, messageBuffer)
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(list)
        messageBuffer.deallocate()
    }

    /// What libcurl says about a failure; empty when it says nothing.
    var message: String { String(cString: messageBuffer) }

    /// Sets everything but the callbacks.
    func ask(_ hop: Hop, withinMilliseconds milliseconds: Int) -> CURLcode {
        confine()
        set(CURLOPT_URL, hop.url.text)
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        // Also the time for finding the host and for TLS.
        set(CURLOPT_CONNECTTIMEOUT_MS, min(milliseconds, hop.connectTimeoutMilliseconds))
        if let floor = hop.speedFloor {
            set(CURLOPT_LOW_SPEED_LIMIT, floor.bytesPerSecond)
            set(CURLOPT_LOW_SPEED_TIME, floor.seconds)
        }
        var lines = hop.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        switch hop.method {
        case .get: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .post(let body):
            set(CURLOPT_POST, 1)
            keep(
                body.withUnsafeBytes { bytes in
                    // Of an empty body too, or libcurl would ask its default source for one.
                    bytes.baseAddress.map { sluice_curl_set_body(handle, $0, bytes.count) }
                        ?? sluice_curl_set_body(handle, "", 0)
                })
            // libcurl's own type for a body would be a guess, and its wait for 100 a delay.
            if hop.fields.value("Content-Type") == nil { lines.append("Content-Type:") }
            lines.append("Expect:")
        }
        // Bytes as the server keeps them: lengths and ranges mean nothing else.
        lines.append("Accept-Encoding: identity")
        for line in lines {
            guard let longer = curl_slist_append(list, line) else { return CURLE_OUT_OF_MEMORY }
            list = longer
        }
        keep(sluice_curl_set_headers(handle, list))
        return code
    }

    private func confine() {
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // Every redirect is a hop of its own; should libcurl ever follow one, then nowhere else.
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        // The environment, a proxy or a file of passwords must not lead a transfer elsewhere or lend it rights.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_FRESH_CONNECT, 1)
        set(CURLOPT_FORBID_REUSE, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_HTTP09_ALLOWED, 0)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_USERAGENT, Self.userAgent)
        set(CURLOPT_BUFFERSIZE, HopRun.bufferBytes)
        // Signals belong to the process. A resolver that hangs is left behind to end by itself, so that a slow name
        // server does not hold the thread longer than the timeout.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_QUICK_EXIT, 1)
    }

    private func set(_ option: CURLoption, _ value: Int) { keep(sluice_curl_set_long(handle, option, value)) }

    private func set(_ option: CURLoption, _ value: String) { keep(sluice_curl_set_string(handle, option, value)) }

    /// Remembers the first failure.
    private func keep(_ result: CURLcode) {
        if code == CURLE_OK { code = result }
    }
}
