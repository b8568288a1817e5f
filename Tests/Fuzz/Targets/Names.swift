import UploadModel

@testable import MediaLibrary
@testable import UploadProtocols

/// Media types, file names and the fields that carry them: inside their grammar, and the same when written and read.
enum Names {
    static func check(_ bytes: [UInt8]) throws {
        let text = FuzzInput(bytes).text
        try checkType(text)
        if let name = FileName(text) { try checkName(name) }
        if let value = ParameterizedValue(text) { try checkValue(value) }
        if let parser = MultipartParser(contentType: text) { _ = parser }
        try checkNamedFile(text)
        for alias in UploadReference.readings(of: text) {
            guard case .alias(let alias) = alias else { continue }
            try claim((1...UploadAlias.maximumBytes).contains(alias.text.utf8.count), "an alias of no length")
        }
        _ = PublicAddress(base: text)
        try claim(NameHint.name(in: text)?.isEmpty != true, "an empty name is a name")
        try claim(NameHint.segment(of: text)?.isEmpty != true, "an empty segment is a name")
    }

    private static func checkType(_ text: String) throws {
        guard let type = MediaType(text) else { return }
        try claim(MediaType(type.text) == type, "\(type) is read as another type")
        let isPlain = type.text.utf8.allSatisfy { isToken($0) && !(0x41...0x5A).contains($0) || $0 == 0x2F }
        try claim(isPlain && type.text.utf8.count <= 127, "\(type) is no media type")
        let essence = text.utf8.prefix { $0 != UInt8(ascii: ";") }
        try claim(essence.allSatisfy { $0 < 0x80 }, "\(text) is taken for \(type)")
    }

    private static func checkName(_ name: FileName) throws {
        try claim((1...FileName.maximumBytes).contains(name.text.utf8.count), "a name of no length")
        let isPlain = name.text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x2F && $0 != 0x5C }
        try claim(isPlain, "\(name) is a path or controls something")
        for disposition in [ContentDisposition.inline, .attachment] {
            let field = disposition.fieldValue(name)
            try claim(field.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(field) is not plain")
            let read = NameHint.name(in: field)
            try claim(read.map { Array($0.utf8) } == Array(name.text.utf8), "\(name) is read as \(read ?? "nothing")")
            let value = ParameterizedValue(field)
            try claim(value?.essence == disposition.rawValue && value?.parameters.count == 2, "\(field) is not read")
        }
        let address = PublicAddress(base: "https://a.example:443/x/")
        let url = address.accessURL(Uploads.file(name))
        try claim(address.fileID(ofAccessURL: url) == Uploads.fileID, "\(url) is not known again")
    }

    private static func checkValue(_ value: ParameterizedValue) throws {
        try claim(value.essence == value.essence.lowercased(), "\(value) is not in lower case")
        let written = value.parameters.map { parameter in
            let quoted = parameter.value.utf8.flatMap { byte -> [UInt8] in
                "\"\\".utf8.contains(byte) ? [0x5C, byte] : [byte]
            }
            return "; \(parameter.name)=\"\(String(decoding: quoted, as: UTF8.self))\""
        }
        let again = ParameterizedValue(value.essence + written.joined())
        try claim(again?.parameters.map(\.value) == value.parameters.map(\.value), "\(value) came out changed")
    }

    private static func checkNamedFile(_ text: String) throws {
        let halves = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let type = halves.count == 2 ? halves[1] : nil
        do {
            let file = try NamedFile(fileName: halves[0], contentType: type, formats: .known)
            try claim(MediaFormatTable.known.formats.contains(file.format), "\(file.format) is not known")
        } catch let fault as UploadFault {
            try claim(!fault.fields.isEmpty && !fault.detail.isEmpty, "\(fault) blames nothing")
        }
    }
}
