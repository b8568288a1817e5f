import HTTPTypes
import Testing
import UploadModel

@testable import UploadProtocols

/// Draft, "Upload Creation": `Content-Type` is the file's, `Content-Disposition` carries its name.
@Suite struct ResumableNamingTests {
    struct Row: Sendable {
        var type: String?
        var disposition: String?
        var query = ""
        /// Name and type; `nil` where it is refused.
        let read: (name: String, type: String?)?
    }

    static let rows: [Row] = [
        Row(type: "video/mp4", disposition: "inline; filename=\"a b.mp4\"", read: ("a b.mp4", "video/mp4")),
        Row(type: "video/mp4", disposition: "attachment; filename=a.mp4", read: ("a.mp4", "video/mp4")),
        Row(
            disposition: "inline; filename=\"x.mp4\"; filename*=UTF-8''%e6%97%a5.mp4", read: ("日.mp4", "video/mp4")),
        Row(disposition: "inline; filename=\"C:\\dir\\a.mp4\"", read: ("a.mp4", "video/mp4")),
        Row(disposition: "inline; filename=\"../../a.mp4\"", read: ("a.mp4", "video/mp4")),
        Row(query: "fileName=a.mov", read: ("a.mov", "video/quicktime")),
        Row(type: "video/quicktime; x=y", query: "fileName=a%20b.mov", read: ("a b.mov", "video/quicktime")),
        Row(disposition: "inline; filename=a.mp4", query: "fileName=b.mov", read: ("a.mp4", "video/mp4")),
        Row(disposition: "inline", query: "fileName=b.mov", read: ("b.mov", "video/quicktime")),
        // What says nothing of the type.
        Row(type: "application/octet-stream", query: "fileName=a.png", read: ("a.png", "image/png")),
        Row(type: "application/x-www-form-urlencoded", query: "fileName=a.png", read: ("a.png", "image/png")),
        // No name: one that fits the type, and where neither is told the bytes tell.
        Row(type: "video/mp4", read: ("upload.mp4", "video/mp4")),
        Row(read: ("upload", nil)), Row(type: "application/octet-stream", read: ("upload", nil)),
        // The rules of names and types are those of every other way.
        Row(type: "text/plain", read: nil), Row(type: "video/mp4", query: "fileName=a.mov", read: nil),
        Row(query: "fileName=notes", read: nil), Row(query: "fileName=", read: nil),
        Row(query: "fileName=%zz", read: nil),
        Row(type: "video/mp4", query: "fileName=%00", read: nil),
    ]

    @Test(arguments: rows.indices)
    func readsNames(index: Int) throws {
        let row = Self.rows[index]
        var fields: HTTPFields = [:]
        fields[.contentType] = row.type
        fields[.contentDisposition] = row.disposition
        let head = ResumableVersionTests.head(fields)
        func read() throws(UploadFault) -> ResumableNaming {
            try ResumableNaming(head, query: row.query, formats: .known)
        }
        guard let expected = row.read else {
            #expect(try fault(read).code == .invalidRequest)
            return
        }
        let naming = try read()
        #expect(naming.fileName.text == expected.name)
        #expect(naming.declaredType?.text == expected.type)
    }
}
