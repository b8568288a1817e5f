/// Why a file was not examined, or no copy of it made. The file itself stands.
package struct ExaminationFault: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// This server lacks a program that it needs.
        case toolMissing
        /// The bytes are damaged, end early, or are not of the type that was named. Another try ends the same.
        case unreadable
        /// More pixels than are resized.
        case tooLarge
        /// The decoder was stopped at a limit of memory, time or output.
        case limit
        /// Nothing that the file is to blame for, as far as can be told: no room on the disk, a decoder that crashed.
        case failed
        /// The calling task was cancelled; nothing is known of the file.
        case cancelled
    }

    package let code: Code
    /// One sentence for the client's developer: no path, and nothing that a decoder said.
    package let message: String
    /// For the log: what the decoder said last, without the paths of the files.
    package let cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    static let cancelled = ExaminationFault(.cancelled, "The examination was cancelled.")
}
