import GRDB
import UploadModel
import UploadStore

/// The columns of what a file must have, one for each algorithm.
enum ExpectedDigests {
    private static func column(_ algorithm: DigestAlgorithm) -> String {
        switch algorithm {
        case .sha256: "expected_sha256"
        case .sha512: "expected_sha512"
        case .crc32c: "expected_crc32c"
        case .sha1: "expected_sha1"
        case .md5: "expected_md5"
        case .crc32: "expected_crc32"
        }
    }

    private static let names = DigestAlgorithm.allCases.map(column)

    /// In the order in which ``read(_:)`` reads them.
    static let columns = names.joined(separator: ", ")

    /// The names of the values that ``arguments(of:)`` gives, in the order of ``columns``.
    static let placeholders = names.map { ":\($0)" }.joined(separator: ", ")

    /// Takes what was not known; what was stays.
    static let learning = names.map { "\($0) = coalesce(\($0), :\($0))" }.joined(separator: ", ")

    /// Whether each that is known on both sides is the same.
    static let agree = names.map { "coalesce(\($0) = :\($0), TRUE)" }.joined(separator: " AND ")

    static func arguments(of digests: [DigestAlgorithm: Digest]) -> StatementArguments {
        StatementArguments(
            DigestAlgorithm.allCases.map { (column($0), digests[$0]?.data as (any DatabaseValueConvertible)?) })
    }

    static func read(_ reader: inout RowReader) throws(CatalogFault) -> [DigestAlgorithm: Digest] {
        var digests: [DigestAlgorithm: Digest] = [:]
        for algorithm in DigestAlgorithm.allCases { digests[algorithm] = try reader.optionalDigest(algorithm) }
        return digests
    }
}
