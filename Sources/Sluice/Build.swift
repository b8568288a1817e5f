import GatewayHTTP
package import Logging
import MediaInspection
import MediaLibrary
import NIOPosix
import ServiceLifecycle
import UploadEngine
import UploadGrants
import UploadModel
import UploadProtocols
import UploadStore

/// Wires a gateway: here and nowhere else. Takes the data folder until the process ends.
///
/// - Parameter onListening: told the port once clients can connect.
package func build(
    _ configuration: SluiceConfiguration, logger: Logger, onListening: @escaping @Sendable (Int) async -> Void
) async throws -> Gateway {
    let descriptors = ProcessLimits.raiseDescriptors()
    var configuration = configuration
    // A connection that takes a body holds three descriptors, its socket and two of its file; most take none.
    let affordable = max(16, descriptors / 2)
    if configuration.gateway.maximumConnections > affordable {
        configuration.gateway.maximumConnections = affordable
        logger.info(
            "fewer connections than configured, for want of file descriptors",
            metadata: ["sluice.connections": "\(affordable)", "sluice.descriptors": "\(descriptors)"])
    }
    let folder = try DataFolder(configuration.dataDirectory)
    try folder.lockForServing(as: "listening on \(configuration.listen.host):\(configuration.listen.port)")
    let workshop = try Workshop(configuration, logger: logger)
    try await workshop.engine.prepareQuotas()
    let interrupted = try await workshop.engine.endInterruptedStreams()
    if interrupted > 0 {
        logger.notice("uploads ended that were cut off", metadata: ["sluice.uploads": "\(interrupted)"])
    }
    let initialKeyPath = try await makeFirstKey(workshop, folder)
    let grantKeys = try await GrantKeys(catalog: workshop.catalog, clock: { .now })
    let scratchFolder = try folder.emptyScratch()
    let outgoing = Outgoing(configuration.publishing)
    let desk = ExaminationDesk(
        engine: workshop.engine, catalog: workshop.catalog, examiner: workshop.examiner,
        isEnabled: workshop.examinesMedia, scratchFolder: scratchFolder, logger: logger)
    let library = MediaLibrary(
        engine: workshop.engine, catalog: workshop.catalog, formats: configuration.formats,
        composer: workshop.composer, verifier: outgoing.verifier, desk: desk, fetcher: outgoing.fetcher)
    let services = GatewayServices(
        engine: workshop.engine, library: library, keys: workshop.catalog, grantKeys: grantKeys,
        formats: configuration.formats, address: PublicAddress(base: configuration.publicURL),
        isAddressFixed: configuration.isPublicURLFixed, proxies: configuration.trustedProxies,
        limits: configuration.gateway, crossOrigin: configuration.crossOrigin, drain: DrainSwitch(),
        fileLifetimeSeconds: configuration.publishing.fileLifetimeSeconds)
    let server = GatewayServer(
        services: services, address: configuration.listen, group: MultiThreadedEventLoopGroup.singleton,
        logger: logger, onListening: onListening)
    let reaper = Reaper(
        engine: workshop.engine, interval: .seconds(configuration.reaperSeconds),
        sweepInterval: .seconds(configuration.sweepSeconds), logger: logger)
    let background = publishingServices(configuration.publishing, workshop, outgoing, library, logger)
    let joiner = Joiner(engine: workshop.engine, logger: logger)
    return Gateway(
        services: [reaper, joiner, grantKeys] + background + (workshop.examinesMedia ? [desk] : []) + [server],
        outgoing: outgoing, drain: services.drain,
        drainSeconds: configuration.drainSeconds, workshop: workshop, initialKeyPath: initialKeyPath, logger: logger)
}

/// What happens with items by itself.
private func publishingServices(
    _ configuration: PublishingConfiguration, _ workshop: Workshop, _ outgoing: Outgoing, _ library: MediaLibrary,
    _ logger: Logger
) -> [any Service] {
    if configuration.examinesMedia, !workshop.examiner.missingTools.isEmpty {
        logger.notice(
            "media are not looked into, for want of programs (Debian: ffmpeg and libvips-tools)",
            metadata: ["sluice.missing": "\(workshop.examiner.missingTools.joined(separator: ", "))"])
    }
    var services: [any Service] = [
        Scheduler(library: library, fileLifetimeSeconds: configuration.fileLifetimeSeconds, logger: logger)
    ]
    // A service without work would end, and with it the gateway.
    if !configuration.endpoints.isEmpty {
        services.append(
            HandoffDeliverer(
                endpoints: configuration.endpoints, catalog: workshop.catalog, sender: outgoing.sender,
                plan: configuration.retryPlan, clock: { .now }, logger: logger))
    }
    return services
}

/// Makes a key where there is none, so that a first start can be used at once.
private func makeFirstKey(_ workshop: Workshop, _ folder: DataFolder) async throws -> String? {
    guard try await workshop.catalog.apiKeys().isEmpty else { return nil }
    let secret = APIKeySecret.random()
    // The file first: a key that is in the catalog and nowhere else would be of no use to anybody.
    try folder.write(initialKey: secret.text)
    try await workshop.catalog.add(
        APIKeyRecord(
            id: .random(), tenant: .default, name: "initial", hashHex: secret.hashHex, createdAt: .now))
    return folder.initialKeyPath
}
