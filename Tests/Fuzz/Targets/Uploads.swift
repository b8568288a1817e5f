import UploadModel

/// Records for targets that need one.
enum Uploads {
    static let moment = Timestamp(milliseconds: 1_707_818_400_000)

    static func file(
        _ name: FileName, type: MediaType = known(0), sizeBytes: Int64 = 0, completedAt: Timestamp? = moment
    ) -> UploadRecord {
        UploadRecord(
            fileID: fileID, tenant: .default, fileName: name, declaredType: type,
            layout: PartLayout(sizeBytes: sizeBytes), maximumBytes: sizeBytes, state: .complete,
            receivedBytes: sizeBytes, createdAt: moment, expiresAt: moment, completedAt: completedAt,
            crc32c: CRC32C(0x1234_5678))
    }

    static let fileID: FileID = {
        guard let id = FileID("aaaaaaaaaaaaaaaaaaaaaaaaaaa") else { preconditionFailure("no file id") }
        return id
    }()

    /// One of the types that are accepted.
    static func known(_ place: Int) -> MediaType {
        let formats = MediaFormatTable.known.formats
        return formats[place % formats.count].mediaType
    }
}
