import Foundation
import Testing

/// How an upload began: a row of the table in `Sluice.docc/Ways.md`, by the words of its first cell.
enum Beginning: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case emptyParts = "parts, no byte yet"
    case parts = "parts, some here"
    case chunks = "chunks"
    case plainPut = "signed link, plain `PUT`"
    case resumablePut = "signed link, `PUT` with `Upload-Complete`"
    case resumableGrant = "grant for Resumable Uploads"
    case tusGrant = "grant for tus"
    case resumable = "Resumable Uploads with a key"
    case tus = "tus"
    case tusPartial = "tus, partial"
    case tusFinal = "tus, final"
    case form = "a form, base64, a foreign URL"

    var testDescription: String { rawValue }
}

/// What is tried with it: a column of that table.
enum Continuation: String, CaseIterable, Sendable {
    case parts
    case chunks
    case put = "`PUT` of a signed link"
    case tus = "tus `PATCH`"
    case resumable = "Resumable Uploads `PATCH`"
    case status = "native status"
    case complete = "native complete"
    case delete = "native delete"
}

/// The table of `Sluice.docc/Ways.md`.
struct WaysTable {
    enum Promise: Equatable {
        case yes
        /// Not by the signed URL that its beginning got.
        case yesWithKey
        case byItself
        /// With this code.
        case no(String)
        case nothingToCall
    }

    private let cells: [String: [String: String]]
    private let notes: [Character: String]

    static func read() throws -> WaysTable {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try WaysTable(Scratch.text(folder.appending(path: "Sources/Sluice/Sluice.docc/Ways.md").path))
    }

    private init(_ text: String) throws {
        let lines = text.split(separator: "\n")
        var rows = lines.filter { $0.hasPrefix("|") }.map { line in
            line.dropFirst().dropLast().split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let titles = rows.removeFirst()
        rows.removeFirst()
        cells = Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (row[0], Dictionary(uniqueKeysWithValues: zip(titles, row).dropFirst()))
            })
        try #require(Set(cells.keys) == Set(Beginning.allCases.map(\.rawValue)))
        try #require(Set(titles.dropFirst()) == Set(Continuation.allCases.map(\.rawValue)))
        let signs: [Character] = ["¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸"]
        notes = Dictionary(
            uniqueKeysWithValues: try signs.enumerated().map { index, sign in
                (sign, String(try #require(lines.first { $0.hasPrefix("\(index + 1). ") })))
            })
    }

    func promise(_ beginning: Beginning, _ continuation: Continuation) throws -> Promise {
        let cell = try #require(cells[beginning.rawValue]?[continuation.rawValue])
        switch cell.prefix(2) {
        case "–": return .nothingToCall
        case "by": return .byItself
        case "ye": return cell.contains("with a key") ? .yesWithKey : .yes
        case "no":
            let note = try #require(cell.last.flatMap { notes[$0] }, "\(cell)")
            let codes = note.matches(of: /`([a-z_]+_[a-z]+)`/).map { String($0.1) }
            return .no(try #require(codes.last, "\(note)"))
        default: throw Trouble("\(beginning.rawValue), \(continuation.rawValue): \(cell)")
        }
    }
}
