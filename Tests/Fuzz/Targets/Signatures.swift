import UploadModel

@testable import MediaInspection

/// The type that bytes have: one answer, whatever they were said to be and whatever follows them.
enum Signatures {
    private static let inspector: ContentInspector = {
        do {
            return try ContentInspector(accepting: .known)
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    static func check(_ bytes: [UInt8]) throws {
        let verdict = inspector.verdict(on: bytes, declared: nil)
        let prefix = Array(bytes.prefix(inspector.prefixBytes))
        let signed = FileSignature.finding(in: FilePrefix(prefix, limit: inspector.prefixBytes))
        switch verdict {
        case .matches(let type):
            try claim(MediaFormatTable.known.format(of: type)?.mediaType == type, "\(type) is not known")
            if bytes.count > prefix.count {
                let short = inspector.verdict(on: prefix, declared: nil)
                try claim(short == verdict, "\(verdict), and \(short) without the rest")
            }
        case .unknown(let type):
            try claim(MediaFormatTable.known.format(of: type) == nil, "\(type) is known")
            // libmagic is slow, and its names for what is refused are its own.
            return
        case .contradicts: throw Violation(description: "\(verdict) of nothing declared")
        }
        for format in MediaFormatTable.known.formats {
            switch inspector.verdict(on: prefix, declared: format.mediaType) {
            case .matches(let type): try claim(type == format.mediaType, "\(type) was declared as \(format.mediaType)")
            case .contradicts(let found):
                try claim(verdict == .matches(found) && found != format.mediaType, "\(verdict), and \(found)")
            case .unknown: throw Violation(description: "\(format.mediaType) was declared")
            }
        }
        guard let signed, signed.type != .mpegTransportStream, bytes.count < inspector.prefixBytes else { return }
        let longer = FileSignature.finding(in: FilePrefix(bytes + [0x47], limit: inspector.prefixBytes))
        try claim(longer == signed, "\(signed.type) is \(String(describing: longer)) with a byte more")
    }
}
