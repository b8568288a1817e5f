import CCurl

/// A URL that may be asked as far as its text goes; where it leads is judged when a connection is made.
package struct FetchURL: Hashable, Sendable {
    /// Whether a text is an address that could be asked; for what an operator writes.
    package static func isUsable(_ text: String) -> Bool { (try? FetchURL(text)) != nil }

    /// In UTF-8 bytes, of a URL that a client names.
    static let maximumGivenBytes = 2_048
    /// In UTF-8 bytes, of a URL that a server redirects to: signed ones are long.
    static let maximumRedirectBytes = 8_192

    /// As it is asked: without `.` and `..` segments, spaces and letters beyond ASCII encoded.
    let text: String
    /// Scheme, host and port.
    let origin: String
    /// With its leading slash, as it is asked.
    let path: String

    /// - Throws: `refused` unless it is an http or https URL with a host, without a user name, a password, a zone, a
    ///   space or a control character, of at most ``maximumGivenBytes`` bytes.
    init(_ text: String) throws(TransferFault) {
        guard !text.utf8.contains(UInt8(ascii: " ")) else {
            throw TransferFault(.refused, "The URL holds a space; encode it as %20.")
        }
        try self.init(text, base: nil, maximumBytes: Self.maximumGivenBytes)
    }

    /// What a redirect leads to (RFC 9110 section 10.2.2): a URL, or a reference to be resolved against this one.
    func following(_ location: String) throws(TransferFault) -> FetchURL {
        try FetchURL(location, base: text, maximumBytes: Self.maximumRedirectBytes)
    }

    private init(_ text: String, base: String?, maximumBytes: Int) throws(TransferFault) {
        guard (1...maximumBytes).contains(text.utf8.count) else {
            throw TransferFault(.refused, "A URL has 1 to \(maximumBytes) bytes.")
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw Self.controlling }
        let parser = try URLParser()
        if let base { try parser.set(base) }
        try parser.set(text)
        guard let scheme = parser.part(CURLUPART_SCHEME), scheme == "http" || scheme == "https" else {
            throw TransferFault(.refused, "Only http and https URLs are asked.")
        }
        // The parser refuses a name and a password already; this holds it to it.
        guard parser.part(CURLUPART_USER) == nil, parser.part(CURLUPART_PASSWORD) == nil else {
            throw TransferFault(.refused, Self.withCredentials)
        }
        guard let host = parser.part(CURLUPART_HOST), !host.isEmpty, parser.part(CURLUPART_ZONEID) == nil,
            let port = parser.part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)),
            let whole = parser.part(CURLUPART_URL)
        else { throw TransferFault(.refused, Self.notUsable) }
        // The parser undoes the encoding of a host, and lets DEL stand there.
        guard whole.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw Self.controlling }
        // An encoded host is decoded after it was looked at: `%38` becomes `8`, which would be asked as 0.0.0.8.
        let asked = try URLParser()
        try asked.set(whole)
        guard asked.part(CURLUPART_URL) == whole else { throw TransferFault(.refused, Self.notUsable) }
        self.text = whole
        origin = "\(scheme)://\(host.lowercased()):\(port)"
        path = parser.part(CURLUPART_PATH) ?? "/"
    }

    private static let controlling = TransferFault(.refused, "The URL holds a control character.")
    fileprivate static let withCredentials = "The URL holds a user name or a password; leave them out."
    static let notUsable = "The URL is not one that can be asked."
}

/// libcurl's parser, so that what is checked here and what is asked there are read in the same way.
private final class URLParser {
    private let handle: OpaquePointer

    init() throws(TransferFault) {
        guard let handle = curl_url() else { throw TransferFault(.failed, "The URL could not be read.") }
        self.handle = handle
    }

    deinit { curl_url_cleanup(handle) }

    /// A URL, or a reference that is resolved against the one set before.
    func set(_ text: String) throws(TransferFault) {
        switch curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER | CURLU_URLENCODE)) {
        case CURLUE_OK: return
        case CURLUE_USER_NOT_ALLOWED: throw TransferFault(.refused, FetchURL.withCredentials)
        case CURLUE_UNSUPPORTED_SCHEME: throw TransferFault(.refused, "Only http and https URLs are asked.")
        case let code:
            throw TransferFault(.refused, FetchURL.notUsable, cause: String(cString: curl_url_strerror(code)))
        }
    }

    func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
