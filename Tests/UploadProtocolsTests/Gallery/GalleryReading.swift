import UploadModel
import UploadProtocols

/// What a gallery upload was read as: the same for every way of cutting it, or the test has found a fault.
struct ReadGallery: Equatable {
    var events: [GalleryUploadEvent] = []
    var fault: GalleryUploadFault?

    /// Feeds `body` cut before each of `cuts` (ascending) and gathers what comes.
    init(_ body: [UInt8], cuts: [Int] = [], maximumFieldBytes: Int = 4 << 10) {
        var parser = GalleryUploadParser(maximumFieldBytes: maximumFieldBytes)
        do throws(GalleryUploadFault) {
            var start = 0
            for end in cuts + [body.count] {
                try feed(body[start..<end], to: &parser)
                start = end
            }
            try parser.end()
        } catch {
            fault = error
        }
    }

    init(_ body: String, maximumFieldBytes: Int = 4 << 10) {
        self.init(Array(body.utf8), maximumFieldBytes: maximumFieldBytes)
    }

    private mutating func feed(
        _ bytes: ArraySlice<UInt8>, to parser: inout GalleryUploadParser
    ) throws(GalleryUploadFault) {
        var found: [GalleryUploadEvent] = []
        let fault = bytes.withUnsafeBytes { buffer -> GalleryUploadFault? in
            do throws(GalleryUploadFault) {
                try parser.feed(buffer, &found)
                return nil
            } catch {
                return error
            }
        }
        events += found
        if let fault { throw fault }
    }

    /// The decoded file.
    var file: [UInt8] {
        events.flatMap { event -> [UInt8] in
            if case .bytes(let bytes) = event { bytes } else { [] }
        }
    }

    /// Everything for tables: `file:type=text`, `name=value`, in their order; the file where it ended.
    var summary: [String] {
        var lines: [String] = []
        var type = ""
        for event in events {
            switch event {
            case .fileBegan(let dataURIType): type = dataURIType?.text ?? "-"
            case .bytes: break
            case .fileEnded: lines.append("file:\(type)=" + String(decoding: file, as: UTF8.self))
            case .field(let name, let value): lines.append("\(name)=\(value)")
            }
        }
        return lines
    }
}

/// Base64 for tests, by the table of RFC 4648.
func base64(_ bytes: [UInt8], urlSafe: Bool = false, padded: Bool = true) -> String {
    let digits = Array(
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + (urlSafe ? "-_" : "+/")).utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = (Array(group) + [0, 0]).prefix(3).reduce(0) { $0 << 8 | Int($1) }
        for place in 0...3 {
            if place <= group.count {
                text.append(digits[bits >> (18 - 6 * place) & 63])
            } else if padded {
                text.append(UInt8(ascii: "="))
            }
        }
    }
    return String(decoding: text, as: UTF8.self)
}
