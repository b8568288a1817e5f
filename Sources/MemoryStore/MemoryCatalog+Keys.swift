import Synchronization
package import UploadModel
package import UploadStore

extension MemoryCatalog {
    package func add(_ key: APIKeyRecord) async throws(CatalogFault) {
        try state.withLock { state throws(CatalogFault) in
            guard !state.apiKeys.contains(where: { $0.id == key.id || $0.hashHex == key.hashHex }) else {
                throw CatalogFault(.failed, "add an API key: it is there already")
            }
            state.apiKeys.append(key)
        }
    }

    package func apiKey(hashHex: String) async throws(CatalogFault) -> APIKeyRecord? {
        state.withLock { $0.apiKeys.first { $0.hashHex == hashHex } }
    }

    package func apiKeys() async throws(CatalogFault) -> [APIKeyRecord] {
        // The library's sort keeps the order of equals.
        state.withLock { $0.apiKeys.sorted { $0.createdAt < $1.createdAt } }
    }

    package func revoke(_ id: APIKeyID, now: Timestamp) async throws(CatalogFault) -> Bool {
        state.withLock { state in
            guard let index = state.apiKeys.firstIndex(where: { $0.id == id && $0.revokedAt == nil }) else {
                return false
            }
            state.apiKeys[index].revokedAt = now
            return true
        }
    }

    package var keyChangeCount: Int64 {
        state.withLock { state in state.rotations + Int64(state.apiKeys.count { $0.revokedAt != nil }) }
    }

    package func rotate(to key: GrantKeyRecord, revokingOthers: Bool) async throws(CatalogFault) {
        try state.withLock { state throws(CatalogFault) in
            guard !state.grantKeys.contains(where: { $0.id == key.id }) else {
                throw CatalogFault(.failed, "rotate the signing key: it is there already")
            }
            state.rotations += 1
            if revokingOthers { state.grantKeys = [] }
            for index in state.grantKeys.indices where state.grantKeys[index].retiredAt == nil {
                state.grantKeys[index].retiredAt = key.createdAt
            }
            state.grantKeys.append(key)
        }
    }

    package func grantKeys(orAdd key: GrantKeyRecord) async throws(CatalogFault) -> [GrantKeyRecord] {
        state.withLock { state in
            if state.grantKeys.isEmpty { state.grantKeys.append(key) }
            return state.grantKeys.reversed().sorted { $0.createdAt > $1.createdAt }
        }
    }
}
