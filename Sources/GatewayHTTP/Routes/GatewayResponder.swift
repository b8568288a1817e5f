import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import UploadModel
import UploadProtocols
import UploadStore

/// What a route is told of its request.
struct GatewayContext: RequestContext {
    struct Source: RequestContextSource {
        let exchange: Exchange
        var logger: Logger { exchange.connectionLogger }
    }

    var coreContext: CoreRequestContextStorage
    let exchange: Exchange

    init(source: Source) {
        coreContext = .init(source: source)
        exchange = source.exchange
    }
}

/// Finds the route of a request and turns its answer, or its fault, into a response.
struct GatewayResponder: Sendable {
    private let router: RouterResponder<GatewayContext>
    private let services: GatewayServices

    private static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace]

    init(routes: [Route], services: GatewayServices) {
        let router = Router(context: GatewayContext.self)
        for (pattern, group) in Dictionary(grouping: routes, by: \.pattern) {
            var known = group.map(\.method)
            // RFC 9110 section 9.1: whoever has GET has HEAD; the body is left away when it is written.
            if known.contains(.get), !known.contains(.head) { known.append(.head) }
            let allow = known.map(\.rawValue).sorted().joined(separator: ", ")
            for route in group {
                let isHeadToo = route.method == .get && !group.contains { $0.method == .head }
                for method in isHeadToo ? [.get, .head] : [route.method] {
                    router.on(RouterPath(pattern), method: method) { _, context in
                        var response = await Self.respond(context.exchange, route, context.parameters, services)
                        if method == .options { Self.tellMethods(allow, &response, context.exchange, services) }
                        return response
                    }
                }
            }
            for method in Self.methods where !known.contains(method) {
                router.on(RouterPath(pattern), method: method) { _, context in
                    Self.respond(context.exchange, besides: group[0], allow: allow, services)
                }
            }
        }
        self.router = router.buildResponder()
        self.services = services
    }

    func respond(to exchange: Exchange) async -> Response {
        var response = await answer(exchange)
        response.headers.append(contentsOf: services.crossOrigin.fields(for: exchange.head))
        return response
    }

    private func answer(_ exchange: Exchange) async -> Response {
        var head = exchange.head
        if head.method == .options, head.path == "*" { return tellServer(exchange) }
        guard let path = Exchange.originForm(head.path ?? "") else {
            return refuse(exchange, UploadFault(.invalidRequest, "The request must name a path."), .problem)
        }
        head.path = path
        if let method = TusProtocol.method(of: head, path: exchange.path) { head.method = method }
        // RFC 9110 section 15.5.6: one that no route has, like TRACE, is answered with those that the path has.
        if !Self.methods.contains(head.method) { head.method = .trace }
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        let context = GatewayContext(source: .init(exchange: exchange))
        // A route answers its faults itself; the router's own answer means that there is no route.
        guard let response = try? await router.respond(to: request, context: context),
            exchange.route != Exchange.noRoute
        else {
            return refuse(exchange, UploadFault(.notFound, "There is nothing here."), Self.dialect(of: exchange.path))
        }
        return response
    }

    /// Answers a question about no resource but the server itself (RFC 9110 section 9.3.7); it counts like any other.
    private func tellServer(_ exchange: Exchange) -> Response {
        do throws(UploadFault) {
            try services.admit(exchange)
        } catch {
            return Self.response(error.reply(.problem, requestID: exchange.requestID), exchange)
        }
        var reply = Reply(.noContent)
        reply.fields[.allow] = Self.methods.filter { $0 != .trace }.map(\.rawValue).sorted().joined(separator: ", ")
        return Self.response(reply, exchange)
    }

    /// Answers a request that no route takes; it counts like any other.
    private func refuse(_ exchange: Exchange, _ fault: UploadFault, _ dialect: ErrorDialect) -> Response {
        var fault = fault
        do throws(UploadFault) { try services.admit(exchange) } catch { fault = error }
        return Self.response(fault.reply(dialect, requestID: exchange.requestID), exchange)
    }

    /// The form of errors where no route stands.
    static func dialect(of path: String) -> ErrorDialect {
        func isBelow(_ prefix: String) -> Bool { path == prefix || path.hasPrefix(prefix + "/") }
        if ["/api/v1/media", "/media/images", "/media/videos", "/media/chunks"].contains(where: isBelow) {
            return .media
        }
        if isBelow("/api/media") || isBelow("/api/post") { return .gallery }
        if isBelow(TusProtocol.path) { return .tus }
        return .problem
    }

    /// What every answer to OPTIONS tells (RFC 9110 section 9.3.7), and a browser that asks leave for a page. It is
    /// answered whatever else there is to say: the page is to see why its request is refused.
    private static func tellMethods(
        _ allow: String, _ response: inout Response, _ exchange: Exchange, _ services: GatewayServices
    ) {
        response.headers[.allow] = allow
        guard services.crossOrigin.isPreflight(exchange.head) else { return }
        let leave = Self.response(services.crossOrigin.preflight(allow), exchange)
        let told = [HTTPField.Name.uploadLimit, .acceptPatch].map { ($0, response.headers[$0]) }
        response = leave
        for (name, value) in told { response.headers[name] = value }
    }

    private static func respond(
        _ exchange: Exchange, _ route: Route, _ parameters: Parameters, _ services: GatewayServices
    ) async -> Response {
        exchange.route = route.pattern
        do throws(UploadFault) {
            if route.isCounted { try services.admit(exchange) }
            switch route.access {
            case .key: exchange.tenant = try await services.tenant(of: exchange.head)
            case .keyOrSignature: exchange.tenant = try await services.tenantOrSigned(exchange)
            case .open: break
            }
            if route.takesBytes { try services.refuseWhileDraining() }
            switch try await route.handler(exchange, parameters) {
            case .reply(let reply): return response(reply, exchange)
            case .file(let file, let reader): return response(file, reader, exchange)
            }
        } catch {
            return response(to: error, exchange, exchange.refusal.map(ErrorDialect.resumable) ?? route.dialect)
        }
    }

    /// Answers a method that the path of a route does not have: a preflight, or one that is refused.
    private static func respond(
        _ exchange: Exchange, besides route: Route, allow: String, _ services: GatewayServices
    ) -> Response {
        exchange.route = route.pattern
        do throws(UploadFault) {
            if route.isCounted { try services.admit(exchange) }
        } catch {
            return response(to: error, exchange, route.dialect)
        }
        guard services.crossOrigin.isPreflight(exchange.head) else {
            return refuseMethod(exchange, allow: allow, route.dialect)
        }
        return response(services.crossOrigin.preflight(allow), exchange)
    }

    private static func response(to fault: UploadFault, _ exchange: Exchange, _ dialect: ErrorDialect) -> Response {
        if fault.status.code >= 500 {
            // A tenant that has used its quota up is no fault of the gateway.
            exchange.logger.log(
                level: fault.code == .quotaExceeded ? .notice : .error, "request failed",
                metadata: ["sluice.code": "\(fault.code.rawValue)", "sluice.cause": "\(fault.cause ?? fault.detail)"])
        }
        return response(fault.reply(dialect, requestID: exchange.requestID), exchange)
    }

    private static func refuseMethod(_ exchange: Exchange, allow: String, _ dialect: ErrorDialect) -> Response {
        var reply = UploadFault(.methodNotAllowed, "This resource takes \(allow).").reply(
            dialect, requestID: exchange.requestID)
        reply.fields[.allow] = allow
        return response(reply, exchange)
    }

    private static func response(_ reply: Reply, _ exchange: Exchange) -> Response {
        var fields = reply.fields
        fields[.requestID] = exchange.requestID
        fields[.date] = HTTPDate.text(exchange.arrivedAt)
        // RFC 9110 section 8.6: 204 carries no length.
        if reply.status.code != 204 { fields[.contentLength] = String(reply.body.count) }
        return Response(
            status: reply.status, headers: fields,
            body: reply.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }

    private static func response(_ file: FileReply, _ reader: any ObjectReader, _ exchange: Exchange) -> Response {
        var fields = file.head.headerFields
        fields[.requestID] = exchange.requestID
        fields[.date] = HTTPDate.text(exchange.arrivedAt)
        guard let range = file.body else {
            return Response(status: file.head.status, headers: fields, body: ResponseBody())
        }
        let body = ResponseBody(contentLength: Int(range.length)) { writer in
            var position = range.start
            if let file = reader as? any FileObjectReader, let sender = writer as? any FileBodyWriter {
                try await sender.write(file, range)
                position = range.end
            }
            while position < range.end {
                let bytes = try await reader.read(ByteRange(start: position, length: range.end - position))
                position += Int64(bytes.readableBytes)
                try await writer.write(bytes)
            }
            try await writer.finish(nil)
        }
        return Response(status: file.head.status, headers: fields, body: body)
    }
}
