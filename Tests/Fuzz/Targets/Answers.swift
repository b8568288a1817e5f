import UploadModel

@testable import MediaLibrary

/// Heads of answers from foreign servers: one head, inside its limit, and numbers that are numbers.
enum Answers {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let path = input.choice(of: ["/", "/a%20b.mov", "/x/%ff"])
        var reader = HeadReader()
        var head: AnswerHead?
        for line in input.bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            switch reader.take(line + [0x0A]) {
            case .more: continue
            case .head(let found):
                try claim(head == nil, "two heads")
                head = found
            case .tooLarge:
                return try claim(bytes.count >= HeadReader.maximumBytes, "\(bytes.count) bytes are too many")
            case .unusable: return try claim(head == nil, "lines behind the head are read")
            }
        }
        guard let head else { return }
        try claim((200...999).contains(head.status), "status \(head.status)")
        if case .bytes(let count) = head.length { try claim(count >= 0, "\(count) bytes") }
        if head.redirect != nil { try claim((300...399).contains(head.status), "\(head.status) redirects") }
        try claim(head.isEncoded == false || head.fields.value("content-encoding") != nil, "encoded by nothing")
        let name = NameHint.of(disposition: head.fields.value("Content-Disposition"), path: path)
        try claim(name?.isEmpty != true, "an empty name is a name")
        for field in head.fields where field.isSendable {
            try claim(!field.value.utf8.contains { $0 == 0x0A || $0 == 0x0D }, "\(field) ends a line")
        }
    }
}
