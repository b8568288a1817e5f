import HummingbirdCore
package import Logging
package import NIOCore
import ServiceLifecycle
import UploadEngine

/// Where the gateway listens.
package struct ListenAddress: Hashable, Sendable {
    package var host: String
    /// 0 lets the system choose one.
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// The gateway's HTTP side as one service.
package struct GatewayServer: Service {
    private let server: Server<GatewayChannel>

    /// - Parameter onListening: told the port that is really used.
    package init(
        services: GatewayServices, address: ListenAddress, group: any EventLoopGroup, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) {
        for route in services.routes {
            logger.debug(
                "route", metadata: ["http.method": "\(route.method)", "http.route": "\(route.pattern)"])
        }
        let responder = GatewayResponder(routes: services.routes, services: services)
        let channel = GatewayChannel(
            responder: { exchange in await responder.respond(to: exchange) }, limits: services.limits,
            proxies: services.proxies, drain: services.drain, clock: { services.engine.now },
            logger: logger)
        // The server's own line says the same as ours, with less.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        server = Server(
            childChannelSetup: channel,
            configuration: ServerConfiguration(
                address: .hostname(address.host, port: address.port), backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    services.limits.maximumConnections, logger: quiet)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? address.port) },
            eventLoopGroup: group, logger: quiet)
    }

    package func run() async throws { try await server.run() }
}
