import CCurl
import Synchronization

/// One question to one server: one request, one connection, one answer. Redirects and new attempts are further hops.
struct Hop: Sendable {
    enum Method: Hashable, Sendable {
        case get
        case head
        case post([UInt8])
    }

    /// Below this speed for this long, a body counts as broken off.
    struct SpeedFloor: Hashable, Sendable {
        let bytesPerSecond: Int
        let seconds: Int
    }

    let method: Method
    let url: FetchURL
    let fields: [HeaderField]
    let addresses: AddressRule
    let connectTimeoutMilliseconds: Int
    let speedFloor: SpeedFloor?
    let budget: TimeBudget
}

/// The time that all hops of a transfer have together.
///
/// It begins with the first hop, not before: waiting until others are done is not the fault of a slow server.
final class TimeBudget: Sendable {
    private let limit: Duration
    private let beginning = Mutex<ContinuousClock.Instant?>(nil)

    init(milliseconds: Int) { limit = .milliseconds(milliseconds) }

    func begin() {
        let now = ContinuousClock.now
        beginning.withLock { beginning in beginning = beginning ?? now }
    }

    /// Not below 0.
    var remainingMilliseconds: Int {
        guard let begun = beginning.withLock({ $0 }) else { return Self.milliseconds(limit) }
        return max(0, Self.milliseconds(limit - begun.duration(to: .now)))
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(clamping: duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }
}

/// How a hop ended.
enum HopEnd: Hashable, Sendable {
    /// With the whole answer, as far as the server let that be known.
    case whole
    /// Because nobody wanted more.
    case stopped
    case failed(HopFailure)
}

struct HopFailure: Hashable, Sendable {
    enum Kind: Hashable, Sendable, CaseIterable {
        /// All addresses of the host are ones that may not be asked.
        case address
        case url
        case hostUnknown
        case notConnected
        case notTrusted
        /// The time was up, or the speed too low for too long.
        case late
        /// The connection broke off.
        case brokenOff
        /// The head of the answer is too large, or makes no sense.
        case unusableAnswer
        /// Not the other side's fault.
        case inside
    }

    let kind: Kind
    /// For the log only.
    let cause: String

    init(_ kind: Kind, cause: String) {
        self.kind = kind
        self.cause = cause
    }

    /// - Parameter onlyRefused: whether addresses were refused and no other was tried.
    init(_ code: CURLcode, onlyRefused: Bool, cause: String) {
        kind = onlyRefused ? .address : Self.kind(of: code)
        self.cause = cause.isEmpty ? String(cString: curl_easy_strerror(code)) : cause
    }

    private static func kind(of code: CURLcode) -> Kind {
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED: .url
        case CURLE_COULDNT_RESOLVE_HOST: .hostUnknown
        case CURLE_COULDNT_CONNECT: .notConnected
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .notTrusted
        case CURLE_OPERATION_TIMEDOUT: .late
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: .brokenOff
        // The scheme was judged before; what is left of unsupported protocols is an answer without a head.
        case CURLE_FAILED_INIT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN,
            CURLE_WRITE_ERROR:
            .inside
        // Whatever else ends a transfer is the other side's doing: a head line without end is "out of memory" here.
        default: .unusableAnswer
        }
    }

    /// Whether another attempt may go further.
    var isPassing: Bool {
        switch kind {
        case .hostUnknown, .notConnected, .late, .brokenOff: true
        case .address, .url, .notTrusted, .unusableAnswer, .inside: false
        }
    }

    /// As whoever named the URL hears of it. What the host's name leads to stays untold: that would draw a map of the
    /// network behind the gateway.
    var fault: TransferFault {
        switch kind {
        case .address: fault(.refused, "The URL leads to an address that this gateway does not fetch from.")
        case .url: fault(.refused, FetchURL.notUsable)
        case .hostUnknown: fault(.unreachable, "The host of the URL could not be found.")
        case .notConnected: fault(.unreachable, "The server of the URL could not be connected to.")
        case .notTrusted: fault(.unreachable, "No trusted connection to the server of the URL could be made.")
        case .late: fault(.timedOut, "The server of the URL took too long.")
        case .brokenOff: fault(.unreachable, "The connection broke off before the whole answer had come.")
        case .unusableAnswer: fault(.unreachable, "The server of the URL gave an answer that cannot be understood.")
        case .inside: fault(.failed, "The URL could not be asked.")
        }
    }

    private func fault(_ code: TransferFault.Code, _ detail: String) -> TransferFault {
        TransferFault(code, detail, cause: cause)
    }
}
