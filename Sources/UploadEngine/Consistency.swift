package import UploadModel
package import UploadStore

/// How catalog and byte store agree.
package struct Consistency: Hashable, Sendable {
    /// Complete files and open uploads that were compared.
    package var comparedUploads = 0
    /// Files that are recorded as complete and whose bytes are not there, or not all.
    package var lost: [FileID] = []
    /// Open uploads whose staged bytes are not there.
    package var unstaged: [FileID] = []
    /// Recorded parts whose spooled bytes are not there.
    package var lostPieces: [FileID] = []
    /// Stored objects that no record names: leftovers of a crash, freed by the sweep.
    package var orphans: [InventoryEntry] = []
    /// Tenants whose kept number of bytes is not what their uploads have: their quotas are judged wrongly.
    package var miscounted: [CountedUsage] = []

    /// Whether nothing that was acknowledged is missing, and every number is right. Orphans only take room.
    package var isSound: Bool { lost.isEmpty && unstaged.isEmpty && lostPieces.isEmpty && miscounted.isEmpty }

    static func compare(inventory: [InventoryEntry], references: [ObjectReference]) -> Consistency {
        var result = Consistency()
        let stored = Dictionary(grouping: inventory, by: \.key)
        var named: Set<ObjectKey> = []
        for reference in references {
            result.comparedUploads += 1
            named.insert(reference.objectKey)
            let entries = stored[reference.objectKey] ?? []
            if reference.state == .complete {
                let file = entries.first { $0.kind == .published }
                if file == nil || file?.sizeBytes != reference.sizeBytes { result.lost.append(reference.fileID) }
            } else if entries.isEmpty {
                result.unstaged.append(reference.fileID)
            }
            for token in reference.spooled {
                guard let key = ObjectKey(token.text) else { continue }
                named.insert(key)
                if stored[key] == nil { result.lostPieces.append(reference.fileID) }
            }
        }
        result.orphans = inventory.filter { !named.contains($0.key) }
        return result
    }
}
