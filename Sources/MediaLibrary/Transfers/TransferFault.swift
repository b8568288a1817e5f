package import UploadModel

/// Why a transfer failed.
package struct TransferFault: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable, CaseIterable {
        /// The URL, its address or its redirect is not one that may be asked.
        case refused
        /// No whole answer came, or not the one that was wanted.
        case unreachable
        /// The time was up.
        case timedOut
        /// More bytes than allowed.
        case tooLarge
        /// The calling task was cancelled, or the client was shut down.
        case stopped
        /// The gateway could not even begin.
        case failed
    }

    package let code: Code
    /// One or two sentences for whoever named the URL. Never an address, a path or a query.
    package let detail: String
    /// For the log only: what lies behind it; may name hosts and addresses.
    package let cause: String?

    package init(_ code: Code, _ detail: String, cause: String? = nil) {
        self.code = code
        self.detail = detail
        self.cause = cause
    }

    static let stopped = TransferFault(.stopped, "The transfer was stopped before its end; try again.")
}

extension UploadFault {
    /// As the client hears of it who named the URL.
    package init(_ fault: TransferFault) {
        let code: Code =
            switch fault.code {
            case .refused: .urlRefused
            case .unreachable, .timedOut: .urlUnreachable
            case .tooLarge: .tooLarge
            case .stopped: .unavailable
            case .failed: .internalError
            }
        self.init(code, fault.detail, cause: fault.cause)
    }
}
