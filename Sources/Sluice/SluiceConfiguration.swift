import DiskStore
package import GatewayHTTP
package import Logging
package import UploadModel
package import UploadProtocols

/// Everything that can be set, read and checked.
package struct SluiceConfiguration: Sendable {
    package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// Scheme and authority that clients use.
    package var publicURL = "http://127.0.0.1:8080"
    /// Whether the operator named it, so that nobody else's word counts.
    package var isPublicURLFixed = false
    /// Whose word about a request's origin is taken.
    package var trustedProxies = TrustedProxies.none
    package var dataDirectory = "./sluice-data"
    package var logLevel = Logger.Level.info
    package var drainSeconds = 30
    package var reaperSeconds = 30
    package var sweepSeconds = 3600
    package var formats = MediaFormatTable.known
    package var uploads = UploadLimits()
    package var gateway = GatewayLimits()
    /// Pages of which origins may read answers.
    package var crossOrigin = CrossOriginPolicy.off
    package var publishing = PublishingConfiguration()
    package var blockMemoryBytes = 32 << 20
    package var diskThreads = 8
    package var catalogBusySeconds = 10
    package var usesDirectIO = true

    package init() {}

    /// The address to listen on, as it was given.
    package var host: String { listen.host }

    /// Reads the options.
    ///
    /// - Parameters:
    ///   - arguments: those after the command.
    ///   - isForServing: whether a gateway is to run. Tools that work on its folder tell nobody of anything, and need
    ///     none of the secrets for that.
    /// - Throws: a fault that names the key, the value and what is allowed.
    package init(
        arguments: [String], environment: [String: String], isForServing: Bool = true
    ) async throws(StartFault) {
        let reader = try await SettingsReader(arguments: arguments, environment: environment)
        listen = ListenAddress(host: try reader.text("host"), port: try reader.number("port"))
        publicURL = try Self.publicURL(try reader.text("public-url"), listen)
        isPublicURLFixed = try !reader.text("public-url").isEmpty
        trustedProxies = TrustedProxies(try reader.ranges("trusted-proxies"))
        dataDirectory = try reader.text("data-dir")
        guard !dataDirectory.isEmpty else { throw StartFault("data-dir: the value must not be empty.") }
        let level = try reader.text("log-level")
        guard let known = Logger.Level(rawValue: level) else {
            let allowed = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw StartFault("log-level: \"\(level)\" is not one of \(allowed).")
        }
        logLevel = known
        drainSeconds = try reader.number("drain-seconds")
        reaperSeconds = try reader.number("reaper-seconds")
        sweepSeconds = try reader.number("sweep-seconds")
        formats = try Self.formats(try reader.text("accept"))
        blockMemoryBytes = try reader.number("block-memory-bytes")
        diskThreads = try reader.number("disk-threads")
        usesDirectIO = try reader.flag("direct-io")
        catalogBusySeconds = try reader.number("catalog-busy-seconds")
        uploads = try Self.uploads(reader)
        gateway = try Self.gateway(reader)
        let origins = try reader.text("cors-origins")
        guard let policy = CrossOriginPolicy(origins) else {
            throw StartFault("cors-origins: \"\(origins)\" is not * or a list of origins like https://app.example.com.")
        }
        crossOrigin = policy
        if isForServing { publishing = try PublishingConfiguration(reader) }
    }

    private static func uploads(_ reader: SettingsReader) throws(StartFault) -> UploadLimits {
        var limits = UploadLimits()
        limits.maximumUploadBytes = Int64(try reader.number("max-upload-bytes"))
        limits.defaultPartBytes = Int64(try reader.number("part-bytes"))
        limits.maximumPartCount = try reader.number("max-parts")
        limits.maximumOpenUploadsPerTenant = try reader.number("max-open-uploads")
        limits.maximumStoredBytesPerTenant = try bound("max-stored-bytes-per-tenant", reader)
        limits.maximumOpenBytesPerTenant = try bound("max-open-bytes-per-tenant", reader)
        limits.uploadLifetimeSeconds = Int64(try reader.number("upload-lifetime-seconds"))
        limits.grantLifetimeSeconds = Int64(try reader.number("link-lifetime-seconds"))
        limits.freeDiskReserveBytes = Int64(try reader.number("free-disk-reserve-bytes"))
        limits.tombstoneSeconds = Int64(try reader.number("tombstone-seconds"))
        return limits
    }

    /// A number of bytes of which 0 says that there is no bound.
    private static func bound(_ name: String, _ reader: SettingsReader) throws(StartFault) -> Int64? {
        let bytes = Int64(try reader.number(name))
        return bytes == 0 ? nil : bytes
    }

    private static func gateway(_ reader: SettingsReader) throws(StartFault) -> GatewayLimits {
        var limits = GatewayLimits()
        limits.maximumConnections = try reader.number("max-connections")
        limits.maximumHeadBytes = try reader.number("max-head-bytes")
        limits.headTimeoutSeconds = Int64(try reader.number("head-timeout-seconds"))
        limits.idleTimeoutSeconds = Int64(try reader.number("idle-timeout-seconds"))
        limits.bodyIdleTimeoutSeconds = Int64(try reader.number("body-timeout-seconds"))
        limits.minimumBodyBytesPerSecond = Int64(try reader.number("min-body-bytes-per-second"))
        limits.minimumDownloadBytesPerSecond = Int64(try reader.number("min-download-bytes-per-second"))
        limits.maximumRequestsPerSecondAndKey = try reader.number("requests-per-second-and-key")
        limits.maximumRequestsPerSecondAndAddress = try reader.number("requests-per-second-and-address")
        limits.maximumGalleryBytes = Int64(try reader.number("max-gallery-bytes"))
        limits.refusedDrainBytes = try reader.number("refused-drain-bytes")
        limits.refusedDrainSeconds = Int64(try reader.number("refused-drain-seconds"))
        return limits
    }

    private static func publicURL(_ text: String, _ listen: ListenAddress) throws(StartFault) -> String {
        guard !text.isEmpty else {
            // Nobody can connect to the wildcard address.
            let host = ["0.0.0.0", "::"].contains(listen.host) ? "127.0.0.1" : listen.host
            return "http://" + (host.contains(":") ? "[\(host)]" : host) + ":\(listen.port)"
        }
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), !text.contains("?"), !text.contains("#") else {
            throw StartFault("public-url: \"\(text)\" is not an http:// or https:// address without query.")
        }
        return text
    }

    private static func formats(_ text: String) throws(StartFault) -> MediaFormatTable {
        if text == "all" { return .known }
        let names = text.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init)
        guard !names.isEmpty, let formats = MediaFormatTable.known.selecting(names) else {
            let allowed = MediaFormatTable.known.formats.map { $0.extensions[0] }.joined(separator: ", ")
            throw StartFault("accept: \"\(text)\" is not a list of \(allowed).")
        }
        return formats
    }
}
