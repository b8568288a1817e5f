import GRDB
import UploadModel
import UploadStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads the columns of a row from left to right. What cannot be read is ``CatalogFault/Code/corrupt``: the tables
/// refuse values of other types, so it was not written by this program.
struct RowReader {
    private let row: Row
    private let table: String
    private var column = 0

    init(_ row: Row, of table: String) {
        self.row = row
        self.table = table
    }

    /// `nil` for NULL.
    mutating func optional<Value: DatabaseValueConvertible>(_: Value.Type) throws(CatalogFault) -> Value? {
        let stored: DatabaseValue = row[column]
        guard !stored.isNull else {
            column += 1
            return nil
        }
        guard let value = Value.fromDatabaseValue(stored) else { throw unreadable }
        column += 1
        return value
    }

    mutating func value<Value: DatabaseValueConvertible>(_: Value.Type) throws(CatalogFault) -> Value {
        guard let value = try optional(Value.self) else {
            column -= 1
            throw unreadable
        }
        return value
    }

    /// Text that a type of the model accepts.
    mutating func text<Value>(as make: (String) -> Value?) throws(CatalogFault) -> Value {
        guard let value = make(try value(String.self)) else {
            column -= 1
            throw unreadable
        }
        return value
    }

    mutating func optionalText<Value>(as make: (String) -> Value?) throws(CatalogFault) -> Value? {
        guard let text = try optional(String.self) else { return nil }
        guard let value = make(text) else {
            column -= 1
            throw unreadable
        }
        return value
    }

    mutating func moment() throws(CatalogFault) -> Timestamp { Timestamp(milliseconds: try value(Int64.self)) }

    mutating func optionalMoment() throws(CatalogFault) -> Timestamp? {
        try optional(Int64.self).map(Timestamp.init(milliseconds:))
    }

    mutating func optionalDigest(_ algorithm: DigestAlgorithm) throws(CatalogFault) -> Digest? {
        guard let data = try optional(Data.self) else { return nil }
        guard let digest = Digest(algorithm, bytes: Array(data)) else {
            column -= 1
            throw unreadable
        }
        return digest
    }

    mutating func optionalCRC32C() throws(CatalogFault) -> CRC32C? {
        guard let stored = try optional(Int64.self) else { return nil }
        guard let value = UInt32(exactly: stored) else {
            column -= 1
            throw unreadable
        }
        return CRC32C(value)
    }

    private var unreadable: CatalogFault {
        CatalogFault(.corrupt, "column \(column) of a row of \(table) cannot be read")
    }
}

extension Digest {
    var data: Data { Data(bytes) }
}

extension Database {
    /// Runs a statement that was prepared before, to its end, and answers its rows.
    func rows(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        // To its end, because a change with RETURNING that is left early is not finished.
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    /// Runs a change; answers how many rows it changed.
    @discardableResult
    func change(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: arguments)
        return changesCount
    }
}
