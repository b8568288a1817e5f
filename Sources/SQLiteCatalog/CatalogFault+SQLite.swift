import GRDB
import UploadStore

extension CatalogFault {
    /// What an error of the database means to whoever asked.
    init(_ error: any Error, during operation: String) {
        switch error {
        case let fault as CatalogFault:
            self = fault
        case let error as DatabaseError:
            let code: Code =
                switch error.resultCode {
                case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
                case .SQLITE_FULL: .full
                case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
                default: .failed
                }
            // The message names tables and columns; values are bound and never part of it.
            let message = error.message ?? "no message"
            self.init(code, "\(operation): SQLite \(error.extendedResultCode.rawValue), \(message)")
        default:
            self.init(.failed, "\(operation): \(type(of: error))")
        }
    }
}
