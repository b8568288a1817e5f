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
        guard hosts.count == 1 ? Self.isHost(hosts[0]) : hosts.isEmpty && isOld else {
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

    /// RFC 9110 section 7.2: `uri-host [ ":" port ]`, or nothing. What stands inside is not judged further: nobody looks
    /// it up here.
    private static func isHost(_ text: String) -> Bool {
        var rest = Substring(text).utf8
        let isLiteral = rest.first == UInt8(ascii: "[")
        if isLiteral {
            rest.removeFirst()
            let inside = rest.prefix { $0 != UInt8(ascii: "]") }
            guard !inside.isEmpty, inside.allSatisfy({ $0 == UInt8(ascii: ":") || isOfName($0) }) else { return false }
            rest = rest.dropFirst(inside.count)
            guard rest.popFirst() != nil else { return false }
        } else {
            while let byte = rest.first, byte != UInt8(ascii: ":") {
                rest.removeFirst()
                guard byte != UInt8(ascii: "%") else {
                    guard let high = rest.popFirst(), let low = rest.popFirst(), isHex(high), isHex(low) else {
                        return false
                    }
                    continue
                }
                guard isOfName(byte) else { return false }
            }
        }
        guard let colon = rest.popFirst() else { return true }
        return colon == UInt8(ascii: ":") && rest.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// unreserved and sub-delims of RFC 3986.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: "_~!$&'()*+,;=".utf8.contains(byte)
        }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
