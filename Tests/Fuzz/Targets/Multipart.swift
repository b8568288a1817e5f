import UploadProtocols

/// Forms: the same however they are cut, inside their limits, and exactly what was put in.
enum Multipart {
    private static let boundaries = ["b", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "-", "--", "a'()+_,-./:=? z"]
    private static let tight: MultipartLimits = {
        var limits = MultipartLimits()
        limits.maximumPreambleBytes = 16
        limits.maximumEpilogueBytes = 8
        limits.maximumPartHeaderBytes = 80
        limits.maximumHeadersPerPart = 2
        limits.maximumParts = 2
        return limits
    }()

    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let boundary = input.choice(of: boundaries)
        let limits = input.choice(of: [MultipartLimits(), tight])
        let pieces = Pieces(&input)
        let whole = try FormReading(input.bytes, .whole, boundary, limits)
        let cut = try FormReading(input.bytes, pieces, boundary, limits)
        try claim(whole == cut, "cut into pieces it is another form: \(whole) and \(cut)")
        try checkFile(Array(input.bytes), pieces, boundary)
    }

    /// A file comes out as it went in, as long as no boundary stands in it.
    private static func checkFile(_ file: [UInt8], _ pieces: Pieces, _ boundary: String) throws {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        guard !holds(delimiter, in: Array("\r\n".utf8) + file) else { return }
        let head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22.mov\"\r\n\r\n"
        let form = Array(head.utf8) + file + delimiter + Array("--\r\n".utf8)
        let reading = try FormReading(form[...], pieces, boundary, MultipartLimits())
        try claim(reading.fault == nil && reading.isFinished, "a good form is refused: \(reading)")
        let part = FormReading.Part(
            head: MultipartPartHead(name: "file", fileName: "a\".mov"), bytes: file, isWhole: true)
        try claim(reading.parts == [part], "a file came out changed")
    }

    private static func holds(_ pattern: [UInt8], in bytes: [UInt8]) -> Bool {
        guard bytes.count >= pattern.count else { return false }
        return (0...(bytes.count - pattern.count)).contains { bytes[$0...].starts(with: pattern) }
    }
}

/// What a form was read as.
struct FormReading: Equatable {
    struct Part: Equatable {
        let head: MultipartPartHead
        var bytes: [UInt8] = []
        var isWhole = false
    }

    private(set) var parts: [Part] = []
    private(set) var isFinished = false
    private(set) var fault: MultipartFault?

    init(_ form: ArraySlice<UInt8>, _ pieces: Pieces, _ boundary: String, _ limits: MultipartLimits) throws {
        guard var parser = MultipartParser(boundary: boundary, limits: limits) else {
            throw Violation(description: "\(boundary) is no boundary")
        }
        do {
            try pieces.feed(form) { try take($0, &parser, maximumCarriedBytes: boundary.utf8.count + 5) }
            try parser.end()
        } catch let fault as MultipartFault {
            self.fault = fault
            try checkStop(&parser, fault)
        }
        try claim(fault != nil || isFinished, "a form has ended without its last boundary")
        try claim(parts.count <= limits.maximumParts, "a form has \(parts.count) parts")
    }

    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ parser: inout MultipartParser, maximumCarriedBytes: Int
    ) throws {
        var events: [MultipartEvent] = []
        let stop = thrown { () throws(MultipartFault) in try parser.feed(bytes, &events) }
        for event in events {
            try claim(!isFinished, "\(event) comes behind the end")
            switch event {
            case .partBegan(let head):
                try claim(parts.last?.isWhole != false, "a part begins inside another")
                parts.append(Part(head: head))
            case .bytes(let range):
                try claim(!range.isEmpty && range.upperBound <= bytes.count, "\(range) is not in the bytes fed")
                try append(bytes[range])
            case .carried(let bytes):
                try claim((1...maximumCarriedBytes).contains(bytes.count), "\(bytes.count) bytes were held back")
                try append(bytes)
            case .partEnded:
                try claim(parts.last?.isWhole == false, "a part ends that has not begun")
                parts[parts.count - 1].isWhole = true
            case .finished:
                try claim(parts.last?.isWhole != false, "the form ends inside a part")
                isFinished = true
            }
        }
        if let stop { throw stop }
    }

    private mutating func append(_ bytes: some Sequence<UInt8>) throws {
        try claim(parts.last?.isWhole == false, "bytes come outside of a part")
        parts[parts.count - 1].bytes += bytes
    }

    /// After a fault nothing comes but that fault.
    private func checkStop(_ parser: inout MultipartParser, _ fault: MultipartFault) throws {
        var events: [MultipartEvent] = []
        for _ in 0..<2 {
            let fed = thrown { () throws(MultipartFault) in
                try Pieces.whole.feed("\r\n--b--".utf8) { bytes throws(MultipartFault) in
                    try parser.feed(bytes, &events)
                }
            }
            let ended = thrown { () throws(MultipartFault) in try parser.end() }
            try claim(fed == fault, "after \(fault) came \(String(describing: fed))")
            try claim(ended == fault && events.isEmpty, "after \(fault) came \(events)")
        }
    }
}
