import Foundation
import UploadModel

@testable import UploadProtocols

/// JSON objects: the same however they are cut, inside their limits, and what another reader makes of them.
enum JSONObjects {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let streamed = input.choice(of: [nil, "a", "file"])
        let maximumTextBytes = input.choice(of: [Int.max, 200])
        let pieces = Pieces(&input)
        let whole = try ObjectReading(input.bytes, .whole, streamed, maximumTextBytes)
        let cut = try ObjectReading(input.bytes, pieces, streamed, maximumTextBytes)
        try claim(whole == cut, "cut into pieces it is another object: \(whole) and \(cut)")
        try checkAgainstFoundation(Array(input.bytes))
    }

    /// Whatever is taken is JSON, and says the same to others.
    private static func checkAgainstFoundation(_ json: [UInt8]) throws {
        guard JSONText.isShallow(json) else { return }
        let decoded = try? JSONDecoder().decode([String: JSONValue].self, from: Data(json))
        do {
            let members = try JSONMembers(json)
            guard let decoded else { return try claimHugeNumber(json) }
            try claimSame(members, decoded)
        } catch let fault as JSONFault {
            try claimOffset(fault, in: json)
            switch fault {
            // The grammar lets it pass.
            case .memberRepeated: return
            // Foundation lets a comma stand before the end, the grammar does not.
            case .unexpectedByte(UInt8(ascii: "}"), _), .unexpectedByte(UInt8(ascii: "]"), _): return
            default: try claim(decoded == nil, "good JSON is refused: \(fault)")
            }
        }
    }

    /// Foundation refuses numbers that no `Double` holds, and this reader leaves them as they are written.
    private static func claimHugeNumber(_ json: [UInt8]) throws {
        let hasExponent = zip(json, json.dropFirst()).contains { digit, next in
            (0x30...0x39).contains(digit) && next | 0x20 == UInt8(ascii: "e")
        }
        let digits = json.split { !(0x30...0x39).contains($0) }.map(\.count).max() ?? 0
        try claim(hasExponent || digits > 300, "what is no JSON is taken: \(String(decoding: json, as: UTF8.self))")
    }

    private static func claimSame(_ members: JSONMembers, _ decoded: [String: JSONValue]) throws {
        try claim(members.all.count == decoded.count, "\(members.all.count) members, and \(decoded.count)")
        for (name, value) in members.all {
            let isSame =
                switch (value, decoded[name]) {
                case (.text(let text), .text(let other)): Array(text.utf8) == Array(other.utf8)
                case (.flag(let flag), .flag(let other)): flag == other
                case (.number, .integer), (.number, .number), (.null, .null), (.nested, .list), (.nested, .object): true
                default: false
                }
            try claim(isSame, "\(name) is \(value), and \(String(describing: decoded[name]))")
        }
    }

    private static func claimOffset(_ fault: JSONFault, in json: [UInt8]) throws {
        switch fault {
        case .unexpectedByte(_, let offset), .controlCharacter(let offset), .escapeMalformed(let offset),
            .surrogateAlone(let offset), .trailingByte(let offset):
            try claim(json.indices.contains(offset), "\(fault) lies outside of \(json.count) bytes")
        default: break
        }
        try claim(!fault.detail.isEmpty, "\(fault) says nothing")
    }
}

/// What an object was read as.
private struct ObjectReading: Equatable {
    private var tokens: [JSONObjectReader.Token] = []
    private var streamed: [UInt8] = []
    private var fault: JSONFault?

    init(_ json: ArraySlice<UInt8>, _ pieces: Pieces, _ name: String?, _ maximumTextBytes: Int) throws {
        var reader = JSONObjectReader(streaming: name, maximumTextBytes: maximumTextBytes)
        do {
            try pieces.feed(json) { try take($0, &reader, json) }
            try reader.end()
        } catch let fault as JSONFault {
            self.fault = fault
            let second = thrown { () throws(JSONFault) in try reader.end() }
            try claim(second == fault, "after \(fault) the end was \(String(describing: second))")
        }
        try claim(textBytes <= maximumTextBytes, "\(textBytes) bytes of text")
    }

    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ reader: inout JSONObjectReader, _ json: ArraySlice<UInt8>
    ) throws {
        var position = 0
        while let token = try reader.next(bytes, &position) {
            try claim(position <= bytes.count, "it read past the end")
            switch token {
            case .streamRun(let range):
                try claim(!range.isEmpty && range.upperBound <= bytes.count, "\(range) is not in the bytes fed")
                streamed += bytes[range]
            case .streamScalar(let scalar): streamed += Array(String(scalar).utf8)
            case .nested(_, let range):
                let inside = json.dropFirst(range.lowerBound).prefix(range.count)
                let ends = [inside.first, inside.last]
                let isValue = ends == [UInt8(ascii: "{"), UInt8(ascii: "}")] || ends == [0x5B, 0x5D]
                try claim(inside.count == range.count && isValue, "\(range) is no nested value")
                tokens.append(token)
            default: tokens.append(token)
            }
        }
    }

    private var textBytes: Int {
        tokens.reduce(0) { sum, token in
            switch token {
            case .text(let name, let text), .number(let name, let text):
                sum + name.utf8.count + text.utf8.count + JSONObjectReader.memberCostBytes
            case .flag(let name, _), .null(let name), .nested(let name, _):
                sum + name.utf8.count + JSONObjectReader.memberCostBytes
            case .streamBegan, .streamRun, .streamScalar, .streamEnded: sum
            }
        }
    }
}
