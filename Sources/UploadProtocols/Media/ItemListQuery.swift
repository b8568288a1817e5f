package import UploadModel

/// The query of `GET /api/v1/media/{images|videos}`: `status`, `limit`, `cursor`.
package struct ItemListQuery: Hashable, Sendable {
    /// `nil` for every status.
    package let status: MediaItemStatus?
    /// 1 to ``maximumLimit``.
    package let limit: Int
    package let cursor: Place?

    package static let defaultLimit = 50
    package static let maximumLimit = 200

    /// A place in the list.
    package struct Place: Hashable, Sendable {
        package let createdAt: Timestamp
        package let id: MediaItemID
    }

    /// - Throws: `invalid_request` naming every wrong member.
    package init(query: String) throws(UploadFault) {
        guard let pairs = PercentCoding.parseQuery(query) else {
            throw UploadFault(.invalidRequest, "The query is not well-formed percent-encoding of UTF-8.")
        }
        func value(_ name: String) -> String? { pairs.first { $0.name == name && !$0.value.isEmpty }?.value }
        var faults: [FieldFault] = []
        let status = value("status").flatMap(MediaItemStatus.init)
        if value("status") != nil, status == nil {
            let allowed = MediaItemStatus.allCases.map(\.rawValue).joined(separator: ", ")
            faults.append(FieldFault(field: "status", message: "It must be one of \(allowed)."))
        }
        let limit = value("limit").map { Int($0) ?? 0 } ?? Self.defaultLimit
        if !(1...Self.maximumLimit).contains(limit) {
            faults.append(FieldFault(field: "limit", message: "It must lie in 1...\(Self.maximumLimit)."))
        }
        let cursor = value("cursor").flatMap(Self.place)
        if value("cursor") != nil, cursor == nil {
            faults.append(FieldFault(field: "cursor", message: "It must be the one that the list before gave."))
        }
        guard faults.isEmpty else {
            throw UploadFault(
                .invalidRequest, faults.map { "\($0.field): \($0.message)" }.joined(separator: " "), fields: faults)
        }
        self.status = status
        self.limit = limit
        self.cursor = cursor
    }

    private static func place(_ text: String) -> Place? {
        let halves = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let milliseconds = Int64(halves[0]), String(milliseconds) == halves[0],
            let id = MediaItemID(String(halves[1]))
        else { return nil }
        return Place(createdAt: Timestamp(milliseconds: milliseconds), id: id)
    }

    /// The query of the same list from a cursor on.
    package func query(after cursor: String) -> String {
        var members: [String] = []
        if let status { members.append("status=\(status.rawValue)") }
        if limit != Self.defaultLimit { members.append("limit=\(limit)") }
        return (members + ["cursor=\(cursor)"]).joined(separator: "&")
    }

    /// The cursor of the page after an item.
    package static func cursor(after item: MediaItem) -> String { "\(item.createdAt.milliseconds).\(item.id)" }
}
