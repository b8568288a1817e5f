import HTTPTypes
import UploadModel

/// What a refusal tells a client of Resumable Uploads besides the fault.
package struct ResumableRefusal: Hashable, Sendable {
    package var version: ResumableVersion
    /// Whether the request brought bytes: then it is told whether going on makes sense.
    package var isTransfer: Bool
    package var limits: ResumableLimits?
    /// Where the upload goes on, once there is such a place and the request began it.
    package var location: String?
    /// Whether the upload has ended with this request.
    package var endsUpload = false

    package init(_ version: ResumableVersion, isTransfer: Bool, limits: ResumableLimits? = nil) {
        self.version = version
        self.isTransfer = isTransfer
        self.limits = limits
    }

    /// No repetition makes these good.
    private static let final: Set<UploadFault.Code> = [
        .contentMismatch, .uploadGone, .linkUsed, .verificationRefused,
    ]

    /// The fault as this client is told it.
    func told(_ fault: UploadFault) -> UploadFault {
        fault.code == .uploadGone && version.hidesEnded ? .notFound : fault
    }

    /// Draft, "Problem Types".
    func problem(of fault: UploadFault) -> ResumableVersion.Problem? {
        let problem: ResumableVersion.Problem? =
            switch fault.code {
            case .offsetMismatch: .mismatchingOffset
            case .inconsistentLength: .inconsistentLength
            case .alreadyComplete: .completedUpload
            default: nil
            }
        return problem.flatMap { version.problems.contains($0) ? $0 : nil }
    }

    /// 409 is kept for an offset that is another (draft, "Upload Append"): it says that going on helps.
    func status(of fault: UploadFault) -> HTTPResponse.Status {
        fault.code == .alreadyComplete ? .badRequest : fault.status
    }

    func addFields(of fault: UploadFault, to fields: inout HTTPFields) {
        guard isTransfer else { return }
        let isOver = endsUpload || Self.final.contains(fault.code)
        version.setEnd(isOver && version.marksFinalRefusals, in: &fields)
        fields[.uploadOffset] = fault.expectedOffset.map { String($0) }
        fields[.uploadLimit] = limits?.fieldValue(version)
        fields[.location] = location
    }
}

extension ResumableVersion.Problem {
    /// RFC 9457 section 3.1.4.
    var title: String {
        switch self {
        case .mismatchingOffset: "The offset of the request is not the offset of the upload"
        case .completedUpload: "The upload is complete"
        case .inconsistentLength: "The lengths of the upload contradict each other"
        }
    }
}
