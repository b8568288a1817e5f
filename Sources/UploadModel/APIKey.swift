/// An API key as the catalog holds it: a hash, never the key.
package struct APIKeyRecord: Hashable, Sendable {
    package var id: APIKeyID
    package var tenant: TenantID
    /// For people; 1 to 100 characters.
    package var name: String
    /// SHA-256 of the key, hexadecimal. Keys are 256 random bits, so a plain hash cannot be searched.
    package var hashHex: String
    package var createdAt: Timestamp
    package var revokedAt: Timestamp?

    package init(
        id: APIKeyID, tenant: TenantID, name: String, hashHex: String, createdAt: Timestamp,
        revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.hashHex = hashHex
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}

/// A key that signs upload URLs, as the catalog holds it.
package struct GrantKeyRecord: Hashable, Sendable {
    package var id: GrantKeyID
    /// 32 random bytes.
    package var secret: [UInt8]
    package var createdAt: Timestamp
    /// From then on it only checks links; `nil` while it signs.
    package var retiredAt: Timestamp?

    package init(id: GrantKeyID, secret: [UInt8], createdAt: Timestamp, retiredAt: Timestamp? = nil) {
        self.id = id
        self.secret = secret
        self.createdAt = createdAt
        self.retiredAt = retiredAt
    }
}
