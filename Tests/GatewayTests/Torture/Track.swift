import Foundation

/// What was asked for about one file, and so what may be true of it. An answer that never came leaves several
/// possibilities; they are written down before the request is sent, and taken back by its answer, or by looking.
struct Track: Sendable {
    /// How the bytes come in.
    enum Way: Sendable { case parts, chunks, sequential, link, form, gallery }

    enum Phase: Sendable {
        /// It never was.
        case absent
        case open
        case complete
        /// It failed, was given up, or was deleted.
        case gone
    }

    enum Spending: Sendable { case not, perhaps, surely }

    enum Item: Sendable {
        case none
        case perhaps
        /// It was seen, but not yet as the call that makes it answers.
        case seen(id: String)
        case made(id: String, answer: Data)

        var id: String? {
            switch self {
            case .none, .perhaps: nil
            case .seen(let id), .made(let id, _): id
            }
        }
    }

    let way: Way
    /// No two have the same.
    let name: String
    let content: TortureContent
    /// Whether its size was told when it was begun.
    var isSized = true
    var fileID: String?
    var accessPath: String?
    /// Of a signed URL.
    var linkPath = ""
    var phases: Set<Phase>
    /// Whether a request was broken off here, and may still be at its end.
    var isWavering = false
    /// Parts of which a request was broken off since the start. The gateway may see it later than one that was sent
    /// after it, and take it for the newer one.
    var shaken: Set<Int> = []
    /// For each part the versions that may stand there; 0 is nothing.
    var parts: [Set<Int>]
    /// Of bytes that come in order: how many may be here.
    var offsets = 0...0
    var spending = Spending.not
    var completion: Data?
    var item = Item.none
    var idempotencyKey: String?
    /// Whether its item answers for that key.
    var isKeyed = false
    /// What its item is called when it came with a form.
    var formTitle: String?

    init(_ way: Way, _ name: String, _ content: TortureContent, phases: Set<Phase>) {
        self.way = way
        self.name = name
        self.content = content
        self.phases = phases
        parts = Array(repeating: [way == .parts || way == .chunks ? 0 : 1], count: content.partCount)
    }

    /// The id that clients choose for chunks.
    var alias: String { String(name.prefix { $0 != "." }) }
    /// The only thing that may be true.
    var phase: Phase? { phases.count == 1 ? phases.first : nil }
    /// What it is called in paths.
    var reference: String { fileID ?? alias }
    var title: String { formTitle ?? "About \(alias)" }
    var account: String {
        "\(way) \(name) (\(fileID ?? "no id"), \(content.sizeBytes) bytes in \(content.partCount), \(phases), \(parts), \(offsets))"
    }

    /// How many bytes are here, where that is certain.
    var offset: Int? { offsets.count == 1 ? offsets.lowerBound : nil }

    // MARK: Parts

    /// All parts are surely here.
    var isSurelyWhole: Bool { parts.allSatisfy { !$0.contains(0) } }
    /// All parts may be here.
    var mayBeWhole: Bool { !parts.contains([0]) }
    var surelyMissing: [Int] { numbers { $0 == [0] } }
    var perhapsMissing: [Int] { numbers { $0.contains(0) } }
    var surelyHere: [Int] { numbers { !$0.contains(0) } }

    private func numbers(_ isIn: (Set<Int>) -> Bool) -> [Int] {
        (1...content.partCount).filter { isIn(parts[$0 - 1]) }
    }

    /// A version that may stand there already; the first where nothing does.
    func knownVersion(_ number: Int) -> Int { parts[number - 1].filter { $0 != 0 }.min() ?? 1 }

    /// Everything is here, in whichever version.
    mutating func becameWhole() throws {
        if way == .sequential {
            guard offsets.contains(content.sizeBytes) else {
                throw BrokenPromise("complete with \(offsets) bytes: \(account)")
            }
            offsets = content.sizeBytes...content.sizeBytes
        }
        for number in parts.indices {
            parts[number].remove(0)
            if parts[number].isEmpty { throw BrokenPromise("complete without part \(number + 1): \(account)") }
        }
    }

    // MARK: Looking

    /// Takes what was seen for true, if it may be.
    mutating func settle(_ seen: Phase) throws {
        guard phases.contains(seen) else { throw BrokenPromise("\(seen) is not possible: \(account)") }
        // What was broken off may still come to its end.
        if !isWavering { phases = [seen] }
    }

    /// Holds the report of an open upload against what was acknowledged.
    mutating func settle(_ told: Told.Upload) throws {
        if way == .sequential {
            guard offsets.contains(told.receivedBytes) else {
                throw BrokenPromise("\(told.receivedBytes) bytes are reported, not \(offsets): \(account)")
            }
            // Whoever only looks stops nobody who is sending.
            offsets = told.receivedBytes...(isWavering ? offsets.upperBound : told.receivedBytes)
        }
        guard way == .parts || way == .chunks else { return }
        let here = Dictionary((told.parts ?? []).map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        guard here.keys.allSatisfy((1...content.partCount).contains), here.count == told.parts?.count else {
            throw BrokenPromise("\(here.keys.sorted()) are the parts of \(account)")
        }
        var received = 0
        for number in 1...content.partCount {
            guard let part = here[number] else {
                guard parts[number - 1].contains(0) else {
                    throw BrokenPromise("part \(number) was acknowledged and is not there: \(account)")
                }
                parts[number - 1] = [0]
                continue
            }
            received += part.size
            let standing = parts[number - 1].filter { version in
                version != 0 && Checksums.hex(Checksums.fastCRC32C(content.part(number, version))) == part.crc32c
            }
            guard !standing.isEmpty, part.size == content.range(of: number).count else {
                throw BrokenPromise("part \(number) with \(part.crc32c) is none that was sent last: \(account)")
            }
            parts[number - 1] = standing
        }
        guard told.receivedBytes == received else {
            throw BrokenPromise("\(told.receivedBytes) bytes are reported, the parts have \(received): \(account)")
        }
        try expectMissing(told.missing)
    }

    /// Whether the gateway reports as missing what is missing. Of an unknown size it knows of the gaps only.
    func expectMissing(_ ranges: [[Int]]?) throws {
        var expected = surelyMissing
        if !isSized {
            let last = surelyHere.last ?? 0
            expected = last == 0 ? [1] : expected.filter { $0 < last }
        }
        let told = (ranges ?? []).flatMap { $0.count == 2 && $0[0] <= $0[1] ? Array($0[0]...$0[1]) : [] }
        guard told == expected else { throw BrokenPromise("\(ranges ?? []) is reported missing: \(account)") }
    }

    /// Compares the bytes of the file with every version that may stand in it.
    mutating func compare(_ bytes: Data) throws {
        guard bytes.count == content.sizeBytes else {
            throw BrokenPromise("\(bytes.count) bytes are read of \(account)")
        }
        for number in 1...content.partCount {
            let range = content.range(of: number)
            let piece = bytes[(bytes.startIndex + range.lowerBound)..<(bytes.startIndex + range.upperBound)]
            let standing = parts[number - 1].filter { $0 != 0 && content.part(number, $0) == piece }
            guard !standing.isEmpty else {
                throw BrokenPromise("part \(number) is not what was acknowledged: \(account)")
            }
            parts[number - 1] = standing
        }
    }

    /// The file, once it is certain.
    var wholeBytes: Data? {
        guard parts.allSatisfy({ $0.count == 1 && !$0.contains(0) }) else { return nil }
        return (1...content.partCount).reduce(into: Data()) { $0 += content.part($1, knownVersion($1)) }
    }
}

/// Something that ended, for good.
struct Grave: Sendable {
    let fileID: String
    let accessPath: String?
    let linkPath: String
    let itemPath: String?

    init?(_ track: Track) {
        guard let id = track.fileID else { return nil }
        fileID = id
        accessPath = track.accessPath
        // A link that was never used may be refused otherwise.
        linkPath = track.linkPath
        itemPath = track.item.id.map { "/api/v1/media/\(track.content.kind.collection)/\($0)" }
    }
}
