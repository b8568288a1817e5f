/// Tells the type that bytes really have. Implemented by MediaInspection, used while bytes stream in.
package protocol ContentChecking: Sendable {
    /// How many of the first bytes it wants to see; it decides with fewer when the file is shorter.
    var prefixBytes: Int { get }

    /// What the first bytes of a file are.
    ///
    /// - Parameters:
    ///   - prefix: the first ``prefixBytes`` bytes, or the whole file when it is shorter.
    ///   - declared: the type the file is said to have, if it is said.
    func verdict(on prefix: [UInt8], declared: MediaType?) -> ContentVerdict
}

/// What the first bytes of a file say about its type.
package enum ContentVerdict: Hashable, Sendable {
    /// They are what was declared, or nothing was declared and this is what they are.
    case matches(MediaType)
    /// They are something else than what was declared.
    case contradicts(found: MediaType)
    /// Nothing was declared and they are no accepted format.
    case unknown(found: MediaType)
}
