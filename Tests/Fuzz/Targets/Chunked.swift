import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import GatewayHTTP

/// Requests and their bodies, chunked or not, through the decoder and the gate behind it: the same however they are cut,
/// framed in one way, and exactly what was sent.
enum Chunked {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let form = input.choice()
        let pieces = Pieces(&input)
        let whole = try Conversation(Array(input.bytes), .whole)
        let cut = try Conversation(Array(input.bytes), pieces)
        try claim(whole == cut, "cut into pieces it is another request: \(whole) and \(cut)")
        // Cut into single bytes, a long one would take longer than a thousand short ones.
        try checkBody(Array(input.bytes.prefix(200)), form, pieces)
    }

    /// A body comes out as it went in, whatever its chunks.
    private static func checkBody(_ body: [UInt8], _ form: UInt8, _ pieces: Pieces) throws {
        let extra = form & 1 == 0 ? "" : ";name=\"a b\""
        let zeros = String(repeating: "0", count: Int(form >> 4))
        var sent = Array("PUT /a HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: Chunked\r\n\r\n".utf8)
        pieces.feed(body) { piece in
            guard !piece.isEmpty else { return }
            sent += Array("\(zeros)\(String(piece.count, radix: 16, uppercase: form & 2 == 0))\(extra)\r\n".utf8)
            sent += piece + Array("\r\n".utf8)
        }
        sent += Array("0\(extra)\r\n\(form & 4 == 0 ? "" : "X-Trailer: c\r\n")\r\n".utf8)
        let conversation = try Conversation(sent + Array("GET /c HTTP/1.1\r\nHost: b\r\n\r\n".utf8), pieces)
        try claim(
            !conversation.hasFailed && conversation.messages.count == 2, "a good body is refused: \(conversation)")
        try claim(conversation.messages.first?.body == body, "a body came out changed")
        try claim(conversation.messages.last?.head.uri == "/c", "the next request is lost")
    }
}

/// What came through of what a client sent.
private struct Conversation: Equatable {
    struct Message: Equatable {
        let head: HTTPRequestHead
        var body: [UInt8] = []
        var isWhole = false
    }

    private(set) var messages: [Message] = []
    private(set) var hasFailed = false

    init(_ bytes: [UInt8], _ pieces: Pieces) throws {
        let channel = EmbeddedChannel()
        let listener = Listener()
        try channel.pipeline.syncOperations.addHandlers([GatewayLimits().makeDecoder(), HeadGate(), listener])
        try pieces.feed(bytes) { if !listener.hasFailed { try channel.writeInbound(ByteBuffer(bytes: $0)) } }
        _ = try channel.finish(acceptAlreadyClosed: true)
        hasFailed = listener.hasFailed
        for part in listener.parts {
            switch part {
            case .head(let head):
                try claim(messages.last?.isWhole != false, "a head inside a body")
                messages.append(Message(head: head))
            case .body(let bytes):
                try claim(messages.last?.isWhole == false, "a body without a head")
                messages[messages.count - 1].body += bytes.readableBytesView
            case .end:
                try claim(messages.last?.isWhole == false, "an end without a head")
                messages[messages.count - 1].isWhole = true
            }
        }
        for message in messages { try checkFraming(message) }
    }

    /// What a proxy before us could read in another way does not come through (RFC 9112 sections 3.2 and 6).
    private func checkFraming(_ message: Message) throws {
        let head = message.head
        let codings = head.headers["transfer-encoding"]
        let lengths = head.headers["content-length"]
        try claim(codings.isEmpty || lengths.isEmpty, "two framings: \(head)")
        let isChunked = codings.map { $0.utf8.map { $0 | 0x20 } } == [Array("chunked".utf8)]
        try claim(codings.isEmpty || isChunked, "a coding that is not undone: \(head)")
        try claim(
            head.headers["host"].count == 1 || (head.version.major, head.version.minor) < (1, 1),
            "not one host: \(head)")
        try claim(lengths.count <= 1, "more than one length: \(head)")
        let fieldBytes = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        try claim(fieldBytes <= GatewayLimits().maximumHeadBytes, "fields of \(fieldBytes) bytes")
        try claim(head.headers.count <= GatewayLimits().maximumHeaderFields, "\(head.headers.count) fields")
        // What follows an upgrade is no HTTP.
        guard message.isWhole, head.method != .CONNECT, head.headers["upgrade"].isEmpty, !isChunked else { return }
        let expected = lengths.first.map { Int($0) } ?? 0
        try claim(message.body.count == expected, "\(message.body.count) bytes follow \(head)")
    }
}

/// Gathers what comes until something is wrong, as the reader of a connection does.
private final class Listener: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private(set) var parts: [HTTPServerRequestPart] = []
    private(set) var hasFailed = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !hasFailed { parts.append(unwrapInboundIn(data)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { hasFailed = true }
}
