import Foundation
import UploadModel

@testable import UploadProtocols

/// Files in JSON: the same however they are cut, and exactly what was encoded.
enum Gallery {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let maximumFieldBytes = input.choice(of: [4 << 10, 100])
        let form = input.choice()
        let pieces = Pieces(&input)
        let whole = try GalleryReading(input.bytes, .whole, maximumFieldBytes)
        let cut = try GalleryReading(input.bytes, pieces, maximumFieldBytes)
        try claim(whole == cut, "cut into pieces it is another file: \(whole) and \(cut)")
        try checkText(Array(input.bytes), pieces)
        try checkFile(Array(input.bytes), form, pieces)
    }

    /// The two decoders of this product agree, and with Foundation's where it reads the same text.
    private static func checkText(_ text: [UInt8], _ pieces: Pieces) throws {
        let streamed = decoded(text, pieces)
        try claim(streamed == decoded(text, .whole), "cut into pieces it is other base64")
        guard !text.contains(where: { "-_\r\n\t".utf8.contains($0) }) else { return }
        let short = Base64.decode(String(decoding: text, as: UTF8.self))
        try claim(short == streamed, "the decoders differ: \(String(describing: short))")
        // Foundation also takes what has digits behind its padding.
        guard let streamed, let data = Data(base64Encoded: Data(text)) else { return }
        try claim(Array(data) == streamed, "Foundation differs")
    }

    private static func decoded(_ text: [UInt8], _ pieces: Pieces) -> [UInt8]? {
        var decoder = Base64Decoder()
        var bytes: [UInt8] = []
        do {
            try pieces.feed(text) { piece in
                var position = 0
                while let batch = try decoder.decode(piece, from: &position) { bytes += batch }
            }
            return bytes + (try decoder.finish() ?? [])
        } catch {
            return nil
        }
    }

    private static func checkFile(_ file: [UInt8], _ form: UInt8, _ pieces: Pieces) throws {
        try claim(Base64.decode(Base64.encode(file)) == file, "short base64 came out changed")
        var text = Data(file).base64EncodedString(options: form & 1 == 0 ? [] : .lineLength64Characters)
        if form & 2 != 0 { text = text.replacing("+", with: "-").replacing("/", with: "_") }
        if form & 4 != 0 { text = text.replacing("=", with: "") }
        let head = form & 8 == 0 ? "" : form & 16 == 0 ? "data:image/png;base64," : "DATA:;base64,"
        text = (head + text).replacing("\r\n", with: "\\r\\n")
        if form & 32 != 0 { text = text.replacing("A", with: "\\u0041").replacing("/", with: "\\/") }
        let json = Array(#"{"fileName":"a.png","file":"\#(text)","x":[1]}"#.utf8)
        let reading = try GalleryReading(json[...], pieces, 4 << 10)
        try claim(reading.fault == nil, "a good file is refused: \(reading)")
        try claim(reading.file == file, "a file came out changed")
        try claim(reading.events.first == .field(name: "fileName", value: "a.png"), "a field came out changed")
    }
}

private struct GalleryReading: Equatable {
    private(set) var events: [GalleryUploadEvent] = []
    private(set) var fault: GalleryUploadFault?

    init(_ json: ArraySlice<UInt8>, _ pieces: Pieces, _ maximumFieldBytes: Int) throws {
        var parser = GalleryUploadParser(maximumFieldBytes: maximumFieldBytes)
        do throws(GalleryUploadFault) {
            try pieces.feed(json) { bytes throws(GalleryUploadFault) in try parser.feed(bytes, &events) }
            try parser.end()
        } catch {
            fault = error
        }
        if let fault {
            let count = events.count
            let second = thrown { () throws(GalleryUploadFault) in
                try Pieces.whole.feed([0x7D]) { bytes throws(GalleryUploadFault) in try parser.feed(bytes, &events) }
            }
            try claim(second == fault && events.count == count, "after \(fault) came \(String(describing: second))")
            try claim(!fault.uploadFault.detail.isEmpty, "\(fault) says nothing")
        }
        try checkOrder(maximumFieldBytes)
    }

    private func checkOrder(_ maximumFieldBytes: Int) throws {
        var hasFile = false
        var isInFile = false
        var fieldBytes = 0
        for event in events {
            switch event {
            case .fileBegan:
                try claim(!hasFile, "two files")
                (hasFile, isInFile) = (true, true)
            case .bytes(let bytes):
                let fits = (1...GalleryUploadParser.batchBytes).contains(bytes.count)
                try claim(isInFile && fits, "\(bytes.count) bytes")
            case .fileEnded:
                try claim(isInFile, "the end of no file")
                isInFile = false
            case .field(let name, let value):
                try claim(!isInFile, "a field inside the file")
                fieldBytes += name.utf8.count + value.utf8.count
            }
        }
        try claim(fault != nil || hasFile && !isInFile, "no file, and no fault")
        // `true` and `false` are words that cost nothing.
        try claim(fieldBytes <= maximumFieldBytes + 5 * events.count, "fields of \(fieldBytes) bytes")
    }

    var file: [UInt8] {
        events.flatMap { event -> [UInt8] in
            if case .bytes(let bytes) = event { bytes } else { [] }
        }
    }
}
