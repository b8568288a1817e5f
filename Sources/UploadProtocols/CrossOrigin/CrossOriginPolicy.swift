package import HTTPTypes

/// Which web pages may use the gateway from a browser: the server's side of CORS (Fetch standard, "HTTP extensions",
/// section "CORS protocol"). No answer ever allows credentials: the gateway knows no cookies.
package struct CrossOriginPolicy: Hashable, Sendable {
    private enum Origins: Hashable, Sendable {
        case any
        case these(Set<String>)
    }

    /// `nil` while no page of another origin may read an answer.
    private let origins: Origins?

    /// How long a browser may remember what it was allowed, in seconds. None remembers it longer than two hours.
    private static let maximumAgeSeconds = 7200

    /// Fields that requests of this gateway may carry.
    private static let requestFields = [
        "Authorization", "Content-Digest", "Content-Disposition", "Content-Type", "Idempotency-Key", "If-Match",
        "If-None-Match", "If-Range", "Range", "Repr-Digest", "Tus-Resumable", "Upload-Checksum", "Upload-Complete",
        "Upload-Concat", "Upload-Defer-Length", "Upload-Draft-Interop-Version", "Upload-Incomplete", "Upload-Length",
        "Upload-Metadata", "Upload-Offset", "Want-Content-Digest", "Want-Repr-Digest", "X-API-Key",
        "X-HTTP-Method-Override", "X-Request-Id", "X-Requested-With",
    ]

    /// Fields of answers that pages may read besides those that they always may.
    private static let answerFields = [
        "Accept-Patch", "Accept-Ranges", "Allow", "Content-Digest", "Content-Disposition", "Content-Location",
        "Content-Range", "ETag", "Link", "Location", "Repr-Digest", "Retry-After", "Tus-Checksum-Algorithm",
        "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version", "Upload-Complete", "Upload-Concat",
        "Upload-Defer-Length", "Upload-Draft-Interop-Version", "Upload-Expires", "Upload-Incomplete", "Upload-Length",
        "Upload-Limit", "Upload-Metadata", "Upload-Offset", "X-Request-Id",
    ]

    package static let off = CrossOriginPolicy(origins: nil)

    private init(origins: Origins?) { self.origins = origins }

    /// - Parameter text: origins with commas, as `https://app.example.com,http://localhost:3000`; `*` for all; nothing
    ///   for none.
    /// - Returns: `nil` for what is not that.
    package init?(_ text: String) {
        let parts = text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        if parts == ["*"] {
            origins = .any
        } else {
            guard parts.allSatisfy(Self.isOrigin) else { return nil }
            origins = parts.isEmpty ? nil : .these(Set(parts.map { $0.lowercased() }))
        }
    }

    /// Scheme, host and perhaps a port, and nothing behind them (RFC 6454 section 6.2).
    private static func isOrigin(_ text: String) -> Bool {
        let lowered = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: lowered.hasPrefix) else { return false }
        let authority = text.utf8.dropFirst(scheme.utf8.count)
        return !authority.isEmpty && authority.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@\\*".utf8.contains($0) }
    }

    /// Whether a request that a browser asks leave for is answered here.
    package func isPreflight(_ head: HTTPRequest) -> Bool {
        origins != nil && head.method == .options && head.headerFields[.origin] != nil
            && head.headerFields[.accessControlRequestMethod] != nil
    }

    /// The answer to a browser that asks whether a page may send a request.
    ///
    /// - Parameter methods: those that the path has.
    package func preflight(_ methods: String) -> Reply {
        var reply = Reply(.noContent)
        reply.fields[.accessControlAllowMethods] = methods
        reply.fields[.accessControlAllowHeaders] = Self.requestFields.joined(separator: ", ")
        reply.fields[.accessControlMaxAge] = String(Self.maximumAgeSeconds)
        return reply
    }

    /// What every answer to a request carries, so that the page that sent it may read it, and caches tell pages apart.
    package func fields(for head: HTTPRequest) -> HTTPFields {
        var fields: HTTPFields = [:]
        guard let origins else { return fields }
        let origin = head.headerFields[.origin]
        switch origins {
        case .any: fields[.accessControlAllowOrigin] = "*"
        case .these(let allowed):
            fields[.vary] = "Origin"
            guard let origin, allowed.contains(origin.lowercased()) else { return fields }
            fields[.accessControlAllowOrigin] = origin
        }
        if origin != nil { fields[.accessControlExposeHeaders] = Self.answerFields.joined(separator: ", ") }
        return fields
    }
}
