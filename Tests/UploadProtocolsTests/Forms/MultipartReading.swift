import UploadProtocols

/// A part as a reader of events sees it.
struct ReadPart: Equatable {
    var head: MultipartPartHead
    var bytes: [UInt8] = []
    var ended = false
}

/// What a form was read as: the same for every way of cutting it, or the test has found a fault.
struct ReadForm: Equatable {
    var parts: [ReadPart] = []
    var finished = false
    var fault: MultipartFault?

    /// Feeds `document` cut before each of `cuts` (ascending) and gathers what comes.
    init(
        _ document: [UInt8], boundary: String = "b0undary", cuts: [Int] = [],
        limits: MultipartLimits = MultipartLimits()
    ) throws {
        guard var parser = MultipartParser(boundary: boundary, limits: limits) else { throw BadBoundary() }
        do throws(MultipartFault) {
            var start = 0
            for end in cuts + [document.count] {
                try feed(Array(document[start..<end]), to: &parser)
                start = end
            }
            try parser.end()
        } catch {
            fault = error
        }
    }

    private struct BadBoundary: Error {}

    private mutating func feed(_ bytes: [UInt8], to parser: inout MultipartParser) throws(MultipartFault) {
        var events: [MultipartEvent] = []
        let fault = bytes.withUnsafeBytes { buffer -> MultipartFault? in
            do throws(MultipartFault) {
                try parser.feed(buffer, &events)
                return nil
            } catch {
                return error
            }
        }
        for event in events {
            switch event {
            case .partBegan(let head): parts.append(ReadPart(head: head))
            case .bytes(let range): parts[parts.count - 1].bytes += bytes[range]
            case .carried(let carried): parts[parts.count - 1].bytes += carried
            case .partEnded: parts[parts.count - 1].ended = true
            case .finished: finished = true
            }
        }
        if let fault { throw fault }
    }

    /// Names and bodies, for tables.
    var fields: [String] { parts.map { "\($0.head.name)=" + String(decoding: $0.bytes, as: UTF8.self) } }
}

/// A generator that a printed seed repeats (SplitMix64).
struct FormGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// One field of a form, as browsers write it.
func formField(_ name: String, _ value: String, boundary: String = "b0undary") -> String {
    "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
}
