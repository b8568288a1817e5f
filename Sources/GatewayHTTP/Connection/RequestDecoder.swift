import NIOCore
import NIOHTTP1

typealias RequestDecoder = ByteToMessageHandler<HTTPRequestDecoder>

extension GatewayLimits {
    /// What the decoder may hold of a head that is not whole, besides the head itself.
    private static let decoderSlackBytes = 128 << 10

    /// A decoder that knows of no request yet.
    func makeDecoder() -> RequestDecoder {
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = maximumHeadBytes
        decoderLimits.maxHeaderListSize = maximumHeadBytes
        decoderLimits.maxHeaderFieldCount = maximumHeaderFields
        // Bounded, because after an Upgrade or a CONNECT the decoder stops and only gathers.
        return RequestDecoder(
            HTTPRequestDecoder(
                leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop,
                limitConfiguration: decoderLimits),
            maximumBufferSize: maximumHeadBytes + Self.decoderSlackBytes)
    }
}
