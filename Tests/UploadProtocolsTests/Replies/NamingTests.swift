import Testing
import UploadModel
import UploadProtocols

@Suite struct NamingTests {
    static let accepted: [(name: String, type: String?, mediaType: String)] = [
        // The type follows from the extension.
        ("test.mov", nil, "video/quicktime"), ("test.mov", "", "video/quicktime"), ("a.MOV", nil, "video/quicktime"),
        ("a.qt", nil, "video/quicktime"), ("a.b.c.mp4", nil, "video/mp4"), ("a.jpeg", nil, "image/jpeg"),
        ("a.heif", nil, "image/heic"), ("Ünï 😀.webm", nil, "video/webm"), ("a.m4v", nil, "video/x-m4v"),
        // Short names.
        ("test.mov", "mov", "video/quicktime"), ("test.mov", "MOV", "video/quicktime"),
        ("test.mov", "quicktime", "video/quicktime"), ("test.mov", "QuickTime", "video/quicktime"),
        ("a.png", "png", "image/png"), ("a.jpg", "jpg", "image/jpeg"), ("a.jpg", "jpeg", "image/jpeg"),
        ("a.jpeg", "jpg", "image/jpeg"), ("a.mkv", "mkv", "video/x-matroska"), ("a.mpe", "mpg", "video/mpeg"),
        // Media types and their synonyms.
        ("test.mov", "video/quicktime", "video/quicktime"), ("test.mov", " Video/QuickTime ;a=b", "video/quicktime"),
        ("a.jpg", "image/jpg", "image/jpeg"), ("a.jpg", "image/pjpeg", "image/jpeg"),
        ("a.png", "image/x-png", "image/png"),
        ("a.mp4", "application/mp4", "video/mp4"), ("a.avi", "video/avi", "video/x-msvideo"),
        ("a.heic", "image/heif", "image/heic"),
        // No extension, or a dot that starts none.
        ("holiday", "mov", "video/quicktime"), (".hidden", "mov", "video/quicktime"), ("a.", "mov", "video/quicktime"),
        ("final cut v2.1 (new)", "mov", "video/quicktime"), ("Take 3.14", "mov", "video/quicktime"),
        ("2024.02.13", "mov", "video/quicktime"), ("a. B", "mov", "video/quicktime"),
        ("a.été", "mov", "video/quicktime"),
        ("a.really", "mov", "video/quicktime"), ("smile.:-)", "mov", "video/quicktime"),
        ("a.{b}", "mov", "video/quicktime"),
    ]

    @Test(arguments: accepted.indices)
    func accepts(index: Int) throws {
        let (name, type, mediaType) = Self.accepted[index]
        let file = try NamedFile(fileName: name, contentType: type, formats: .known)
        #expect(file.fileName.text == name)
        #expect(file.format.mediaType.text == mediaType)
    }

    static let refused: [(name: String?, type: String?, fields: [String])] = [
        (nil, "mov", ["fileName"]), ("", "mov", ["fileName"]), (".", "mov", ["fileName"]), ("..", "mov", ["fileName"]),
        ("a/b.mov", "mov", ["fileName"]), ("a\\b.mov", "mov", ["fileName"]), ("a\u{0}.mov", "mov", ["fileName"]),
        ("a\n.mov", "mov", ["fileName"]), ("a\u{7F}.mov", "mov", ["fileName"]), ("a\u{85}.mov", "mov", ["fileName"]),
        (String(repeating: "a", count: 252) + ".mov", "mov", ["fileName"]),
        (String(repeating: "é", count: 126) + ".mov", "mov", ["fileName"]),
        // Nothing tells the type.
        ("a", nil, ["contentType"]), ("a.", nil, ["contentType"]), (".mov", nil, ["contentType"]),
        ("a.exe", nil, ["contentType"]), ("a.mov ", nil, ["contentType"]),
        // A type that is not taken.
        ("a.mov", "exe", ["contentType"]), ("a.mov", "text/html", ["contentType"]),
        ("a.mov", "video/", ["contentType"]),
        ("a.mov", "/", ["contentType"]), ("a.mov", "video/*", ["contentType"]), ("a.mov", "video", ["contentType"]),
        ("a.mov", " mov", ["contentType"]), ("a.mov", ".mov", ["contentType"]),
        ("a.svg", "image/svg+xml", ["contentType"]),
        // The extension says otherwise.
        ("a.mov", "mp4", ["fileName"]), ("a.mp4", "video/quicktime", ["fileName"]), ("a.png", "jpg", ["fileName"]),
        ("a.exe", "mov", ["fileName"]), ("a.html", "png", ["fileName"]), ("a.HTML", "png", ["fileName"]),
        ("a.xhtml", "png", ["fileName"]),
        ("a.mov.svg", "mov", ["fileName"]), ("a.mp3", "mp4", ["fileName"]), ("a.7z", "mp4", ["fileName"]),
        // Both are wrong, and both are told.
        (nil, "exe", ["fileName", "contentType"]), ("a/b", "text/html", ["fileName", "contentType"]),
    ]

    @Test(arguments: refused.indices)
    func refuses(index: Int) throws {
        let (name, type, fields) = Self.refused[index]
        let fault = try fault { () throws(UploadFault) in
            try NamedFile(fileName: name, contentType: type, formats: .known)
        }
        #expect(fault.code == .invalidRequest)
        #expect(fault.fields.map(\.field) == fields)
        for field in fault.fields { #expect(fault.detail.contains(field.message)) }
    }

    @Test func takesTheLongestName() throws {
        let name = String(repeating: "é", count: 125) + "a.mov"
        #expect(name.utf8.count == 255)
        #expect(try NamedFile(fileName: name, contentType: nil, formats: .known).fileName.text == name)
    }

    @Test func keepsToTheFormatsThatAreAccepted() throws {
        let images = try #require(MediaFormatTable.known.selecting(["png", "image/jpeg"]))
        #expect(try NamedFile(fileName: "a.png", contentType: nil, formats: images).format.kind == .image)
        let byName = try fault { () throws(UploadFault) in
            try NamedFile(fileName: "a.mov", contentType: nil, formats: images)
        }
        #expect(byName.detail.hasSuffix("one of png, jpg is needed."))
        let byType = try fault { () throws(UploadFault) in
            try NamedFile(fileName: "a", contentType: "mov", formats: images)
        }
        #expect(byType.detail == "contentType is not accepted; one of png, jpg, or its media type, is.")
    }

    @Test func saysHowToMendAContradiction() throws {
        let fault = try fault { () throws(UploadFault) in
            try NamedFile(fileName: "a.png", contentType: "jpeg", formats: .known)
        }
        #expect(fault.detail == "The extension .png contradicts the type image/jpeg; use .jpg.")
    }
}
