/// What the application behind the gateway is told of.
package enum HandoffKind: String, Hashable, Sendable, CaseIterable {
    case uploadCompleted = "upload.completed"
    case mediaFinalized = "media.finalized"
    /// The moment of a scheduled item came, or a draft was released.
    case mediaDue = "media.due"
    case mediaDeleted = "media.deleted"
}

/// The name of one event; whoever gets it twice knows it by this. The same for every endpoint.
package typealias HandoffID = RandomID<HandoffIDKind>
package enum HandoffIDKind: RandomIDKind { package static let characterCount = 27 }

/// What the operator calls an endpoint: 1 to 32 lower-case letters and digits.
package struct EndpointName: Hashable, Sendable, CustomStringConvertible {
    package static let maximumCharacters = 32

    package let text: String

    package init?(_ text: String) {
        guard (1...Self.maximumCharacters).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) })
        else { return nil }
        self.text = text
    }

    package var description: String { text }
}

/// One event for one endpoint, as it is written to the outbox in the transaction of the change that it tells of.
package struct Handoff: Hashable, Sendable {
    package let id: HandoffID
    package let endpoint: EndpointName
    package let kind: HandoffKind
    package let fileID: FileID
    package let tenant: TenantID
    package let createdAt: Timestamp
    /// The body of the request, a JSON text; it never changes, so that every attempt tells the same.
    package let body: String

    package init(
        id: HandoffID, endpoint: EndpointName, kind: HandoffKind, fileID: FileID, tenant: TenantID,
        createdAt: Timestamp, body: String
    ) {
        self.id = id
        self.endpoint = endpoint
        self.kind = kind
        self.fileID = fileID
        self.tenant = tenant
        self.createdAt = createdAt
        self.body = body
    }
}

/// A hand-off that has not been accepted yet.
package struct QueuedHandoff: Hashable, Sendable {
    package enum State: String, Hashable, Sendable, CaseIterable {
        case waiting
        /// Given up after too many attempts; kept until somebody sends it again.
        case dead
    }

    /// Its place in the outbox: what was written first has the lower number.
    package let sequence: Int64
    package let handoff: Handoff
    package var state: State
    package var attempts: Int
    package var nextAttemptAt: Timestamp
    /// How the last attempt failed.
    package var lastFault: String?

    package init(
        sequence: Int64, handoff: Handoff, state: State = .waiting, attempts: Int = 0, nextAttemptAt: Timestamp,
        lastFault: String? = nil
    ) {
        self.sequence = sequence
        self.handoff = handoff
        self.state = state
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastFault = lastFault
    }
}
