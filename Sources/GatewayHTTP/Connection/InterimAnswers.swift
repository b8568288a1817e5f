import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Interim answers of one request (RFC 9110 section 15.2), besides `100 Continue`, from whichever task has something to
/// tell.
///
/// Each is written as a whole on the connection's loop, where the final head is written too: none stands inside another
/// head, or behind the final one.
final class InterimAnswers: Sendable {
    private let channel: any Channel
    private let isOver = Flag()

    init(_ channel: any Channel) { self.channel = channel }

    /// Sends a head without waiting for it to leave.
    ///
    /// - Parameter mayBeLeftOut: where the client does not take what is written, so that nothing piles up for it.
    func send(_ head: HTTPResponse, mayBeLeftOut: Bool) {
        guard channel.eventLoop.inEventLoop else {
            return channel.eventLoop.execute { self.write(head, mayBeLeftOut) }
        }
        write(head, mayBeLeftOut)
    }

    private func write(_ head: HTTPResponse, _ mayBeLeftOut: Bool) {
        guard !isOver.isSet, channel.isActive, channel.isWritable || !mayBeLeftOut else { return }
        channel.writeAndFlush(HTTPResponsePart.head(head), promise: nil)
    }

    /// The final head is written next.
    func end() { isOver.set() }
}
