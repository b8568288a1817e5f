import HTTPTypes
import NIOCore
import NIOHTTP1
import UploadProtocols

/// Judges heads by what only their wire form tells, before they become version-less.
final class HeadGate: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let isOld = head.version.major < 1 || (head.version.major == 1 && head.version.minor < 1)
        // RFC 9110 section 7.4: what is asked of another scheme is not asked of us; behind here nobody sees which it was.
        guard Self.isOurs(head.uri) || head.method == .CONNECT else {
            context.fireErrorCaught(HTTPParserError.invalidURL)
            return
        }
        // RFC 9112 section 3.2: exactly one Host, and a valid one. Others could be read differently by a proxy before us.
        let hosts = head.headers["host"]
        guard hosts.count == 1 ? HostField.isValid(hosts[0]) : hosts.isEmpty && isOld else {
            context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
            return
        }
        // RFC 9112 section 6.1: a coding that we do not undo would be stored as if it were the file, and an old client
        // that names one does not know what it means.
        let codings = head.headers["transfer-encoding"]
        guard codings.isEmpty || (codings.count == 1 && Self.isChunked(codings[0]) && !isOld) else {
            context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
            return
        }
        if isOld {
            // RFC 9112 section 9.3 and RFC 9110 section 10.1.1: an old client neither stays nor expects. Interim answers
            // are not for it either (section 15.2), and it is by this field that they are asked for.
            head.headers.replaceOrAdd(name: "connection", value: "close")
            head.headers.remove(name: "expect")
            head.headers.remove(name: HTTPField.Name.uploadDraftInteropVersion.rawName)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// By ASCII alone: other letters become ASCII when their case is dropped, and the decoder does not know them.
    private static func isChunked(_ coding: String) -> Bool {
        coding.utf8.allSatisfy { $0 < 0x80 } && coding.lowercased() == "chunked"
    }

    /// Origin form, asterisk form, or the absolute form of a scheme that we serve (RFC 9112 section 3.2).
    private static func isOurs(_ target: String) -> Bool {
        guard let first = target.utf8.first, first != UInt8(ascii: "/"), first != UInt8(ascii: "*") else { return true }
        let scheme = target.prefix { $0 != ":" }.lowercased()
        return scheme == "http" || scheme == "https"
    }
}
