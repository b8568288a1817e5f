/// The bytes of one run. Choices are taken from their end, so that what is left looks like what a client sends.
struct FuzzInput {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    /// 0 when nothing is left.
    mutating func choice() -> UInt8 { bytes.popLast() ?? 0 }

    mutating func choice(below bound: Int) -> Int { Int(choice()) % bound }

    mutating func choice<Element>(of elements: [Element]) -> Element { elements[choice(below: elements.count)] }

    mutating func integer() -> Int64 {
        // Numbers of every size, not only large ones.
        let byteCount = choice(below: 9)
        return (0..<byteCount).reduce(0) { value, _ in value << 8 | Int64(choice()) }
    }

    /// What is left, with replacements for what is no UTF-8, as heads are read.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// What is left, line by line, the last `count` of them with all line ends that follow.
    func lines(_ count: Int) -> [String] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: count - 1, omittingEmptySubsequences: false)
        let texts = lines.map { String(decoding: $0, as: UTF8.self) }
        return texts + Array(repeating: "", count: count - texts.count)
    }
}

/// How an input is cut.
struct Pieces {
    /// Of the pieces, over and over.
    private let lengths: [Int]

    static let whole = Pieces(lengths: [.max])

    private init(lengths: [Int]) { self.lengths = lengths }

    init(_ input: inout FuzzInput) {
        let count = input.choice(below: 8)
        let lengths = (0..<count).map { _ in Int(input.choice()) }
        self.lengths = lengths.contains { $0 > 0 } ? lengths : lengths + [1]
    }

    /// Gives every piece in memory of exactly its own length: there the sanitizer sees a look past the end, which the
    /// spare room of an array would hide.
    func feed<Failure: Error>(
        _ bytes: some Collection<UInt8>, _ take: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var rest = bytes[...]
        var turn = 0
        while !rest.isEmpty {
            let piece = rest.prefix(lengths[turn % lengths.count])
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
            defer { memory.deallocate() }
            memory.copyBytes(from: piece)
            try take(UnsafeRawBufferPointer(memory))
            rest = rest.dropFirst(piece.count)
            turn += 1
        }
    }
}
