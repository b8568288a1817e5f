package import UploadModel
import UploadRules
package import UploadStore

extension UploadFault {
    /// A store's fault in the words of a client: once, at the engine's border.
    package init(_ fault: StoreFault) {
        switch fault.code {
        case .full:
            self.init(
                .insufficientStorage,
                "There is no room for these bytes now. What was acknowledged stays; try again later.",
                cause: fault.detail, retryAfterSeconds: 60)
        case .readOnly, .failed:
            self.init(
                .unavailable, "The bytes could not be stored. Nothing of this request counts; try again.",
                cause: fault.detail, retryAfterSeconds: 5)
        case .missing, .corrupt:
            self.init(.internalError, "The stored bytes could not be used.", cause: fault.detail)
        }
    }

    /// A catalog's fault in the words of a client.
    package init(_ fault: CatalogFault) {
        switch fault.code {
        case .full:
            self.init(
                .insufficientStorage, "There is no room to record this now; try again later.", cause: fault.detail,
                retryAfterSeconds: 60)
        case .busy, .failed:
            self.init(
                .unavailable, "The request could not be recorded; try again.", cause: fault.detail,
                retryAfterSeconds: 1)
        case .corrupt:
            self.init(
                .unavailable, "The catalog could not be read; whoever runs the gateway must look at it.",
                cause: fault.detail, retryAfterSeconds: 60)
        }
    }

    /// A refusal of the rules in the words of a client.
    init(_ refusal: Refusal) {
        switch refusal {
        case .ended(let state):
            self.init(.uploadGone, "This upload ended (\(state.rawValue)); begin a new one.")
        case .notStarted:
            self.init(.notComplete, "Nothing was uploaded yet: send the bytes to the signed URL first.")
        case .linkUsed:
            self.init(.linkUsed, "This link was used; every link works once. Ask for a new one.")
        case .complete:
            self.init(.alreadyComplete, "This upload is complete and cannot change any more.")
        case .partNumber(let allowed):
            self.init(
                .invalidPart, "The part's number must lie in \(allowed.lowerBound)...\(allowed.upperBound).")
        case .partLength(let expected, let got):
            self.init(.invalidPart, "This part must have \(expected) bytes; \(got) came.")
        case .partTooLong(let maximum):
            self.init(.tooLarge, "This part may have at most \(maximum) bytes.")
        case .emptyPart:
            self.init(.invalidPart, "A part must have at least one byte.")
        case .partSizeUnknown:
            self.init(
                .chunkSizeUnknown,
                "Where the last chunk goes follows from the size of another; send any other chunk first, then this again."
            )
        case .partCount(let announced):
            self.init(.invalidPart, "This upload has \(announced) parts; once known, their number cannot change.")
        case .tooLarge(let maximum):
            self.init(.tooLarge, "The file may have at most \(maximum) bytes.")
        case .size(let announced, let got):
            self.init(
                got > announced ? .tooLarge : .lengthMismatch,
                "The file was announced with \(announced) bytes; \(got) came.")
        case .offset(let expected, let provided):
            self.init(.offsetMismatch, "The next byte of this upload is byte \(expected), not \(provided).")
            expectedOffset = expected
            providedOffset = provided
        case .length(let announced, let told):
            self.init(
                .inconsistentLength, "The file was announced with \(announced) bytes; this request says \(told).")
        case .digest(let algorithm):
            self.init(
                .digestMismatch,
                "This request names another \(algorithm.rawValue) digest of the file than it was announced with.")
        case .way(let way): self.init(.wayMismatch, Self.detail(of: way))
        case .short(let announced, let got):
            let whole = announced.map { " of \($0)" } ?? ""
            self.init(
                .notComplete, "\(got)\(whole) bytes of this upload are here; send the others, then complete again.")
        case .missing(let ranges):
            self.init(.partsMissing, "Parts are missing; send them, then complete again.", missing: ranges)
        }
    }
}

extension UploadFault {
    private static func detail(of way: UploadWay) -> String {
        switch way {
        case .parts: "This upload takes its bytes in numbered parts."
        case .sequential: "This upload takes its bytes in order, each request beginning at its offset."
        case .partial: "This upload is a piece of another file and is no file of its own."
        case .joined: "This upload is made of others and takes no bytes."
        }
    }
}

extension CatalogFault {
    /// Whether the change may stand in spite of the fault.
    var mayHaveHappened: Bool {
        switch code {
        case .busy, .full: false
        case .corrupt, .failed: true
        }
    }
}

/// Runs a store's or catalog's call and translates its fault.
func translating<Value>(_ body: () async throws(StoreFault) -> Value) async throws(UploadFault) -> Value {
    do throws(StoreFault) {
        return try await body()
    } catch {
        throw UploadFault(error)
    }
}

func translating<Value>(_ body: () async throws(CatalogFault) -> Value) async throws(UploadFault) -> Value {
    do throws(CatalogFault) {
        return try await body()
    } catch {
        throw UploadFault(error)
    }
}
