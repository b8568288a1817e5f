import Synchronization
import UploadModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Asks the application before an item is accepted: `finalize.verify`.
package final class Verifier: Sendable {
    /// Questions at once; whoever comes when all are busy is told to come again.
    package static let maximumAtOnce = 32

    private let running = Mutex(0)
    private let url: String
    private let secret: WebhookSecret
    private let sender: WebhookSender

    /// In Unicode scalars; what an application says beyond is cut off.
    private static let maximumMessageCharacters = 500

    package init(url: String, secret: WebhookSecret, sender: WebhookSender) {
        self.url = url
        self.secret = secret
        self.sender = sender
    }

    /// Returns when the application agrees.
    ///
    /// - Throws: `verification_refused` with the application's status and words; `unavailable` when it could not be
    ///   asked, which changes nothing and can be repeated.
    func check(
        _ item: MediaItem, _ upload: UploadRecord, _ composer: HandoffComposer, now: Timestamp
    ) async throws(UploadFault) {
        let isAdmitted = running.withLock { running in
            guard running < Self.maximumAtOnce else { return false }
            running += 1
            return true
        }
        guard isAdmitted else { throw Self.unavailable("too many questions at once", nil) }
        defer { running.withLock { $0 -= 1 } }
        let body = composer.verification(of: item, upload, now: now)
        // Not an event: whoever repeats the call asks anew, under a new id.
        let outcome = await sender.send(id: HandoffID.random().text, body: body, to: url, secret: secret, now: now)
        guard case .answered(let answer) = outcome else { throw Self.unavailable(outcome.description, nil) }
        if answer.isAccepted { return }
        switch answer.status {
        // These speak of the question, not of the item: a wrong secret, a moment of overload.
        case 401, 407, 408, 425, 429: throw Self.unavailable(outcome.description, answer.retryAfterSeconds)
        case 400...499:
            var fault = UploadFault(.verificationRefused, Self.message(answer.body))
            fault.applicationStatus = answer.status
            throw fault
        default: throw Self.unavailable(outcome.description, answer.retryAfterSeconds)
        }
    }

    private static func unavailable(_ cause: String, _ retryAfterSeconds: Int64?) -> UploadFault {
        UploadFault(
            .unavailable, "The application that decides on this could not be asked; nothing was changed. Try again.",
            cause: "finalize.verify: \(cause)", retryAfterSeconds: min(max(retryAfterSeconds ?? 5, 1), 3600))
    }

    private struct Words: Decodable {
        let message: String?
        let detail: String?
        let error: String?
    }

    /// The application's own words, from JSON or plain text.
    private static func message(_ body: [UInt8]) -> String {
        let words = try? JSONDecoder().decode(Words.self, from: Data(body))
        let text = words.map { $0.message ?? $0.detail ?? $0.error ?? "" } ?? String(decoding: body, as: UTF8.self)
        let clean = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        let short = String(String.UnicodeScalarView(clean.prefix(maximumMessageCharacters)))
        return short.isEmpty ? "The application did not accept this." : short
    }
}
