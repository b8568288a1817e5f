import NIOCore
import Testing
import UploadModel
import UploadStore
import UploadStoreTesting

@testable import UploadEngine

@Suite struct ContentTests {
    private static let letters = Array("abcdefghijklmnopqrst".utf8)
    private static let digits = Array("01234567890123456789".utf8)
    private static let others = Array("--------------------".utf8)

    private func bench() -> Bench { Bench(checker: LettersAndDigits()) }

    /// What is declared, what comes, in buffers of how many bytes; what is found, or `nil` for a refusal.
    @Test(
        arguments: [
            (MediaType?.some(.letters), letters, MediaType?.some(.letters)), (.letters, digits, nil),
            (.letters, others, nil),
            (.letters, Array(letters.prefix(5)), nil), (.letters, [], nil),
        ], [1, 3, 8, 100])
    func aStreamIsWhatItIsSaidToBe(
        _ content: (declared: MediaType?, bytes: [UInt8], found: MediaType?), _ bufferBytes: Int
    ) async throws {
        let bench = bench()
        let upload = try await bench.engine.claim(bench.grant(type: .letters).fileID)
        let stream = try await bench.engine.openStream(upload, declaredBytes: nil, digests: [])
        func send() async throws -> UploadRecord {
            try await stream.send(content.bytes, inBuffersOf: bufferBytes) {
                try await stream.finish(expecting: [:]).upload
            }
        }
        if let found = content.found {
            #expect(try await send().detectedType == found)
        } else {
            await expectFault(.contentMismatch) { _ = try await send() }
            #expect(try await bench.store.inventory() == [])
        }
        try await bench.expectTidy()
    }

    @Test func bytesThatAreWrongAreRefusedBeforeTheRestComes() async throws {
        let bench = bench()
        let upload = try await bench.engine.claim(bench.grant(type: .letters).fileID)
        let stream = try await bench.engine.openStream(upload, declaredBytes: 1 << 30, digests: [])
        try await stream.receive(ByteBuffer(bytes: Self.digits[..<7]))
        await expectFault(.contentMismatch) { try await stream.receive(ByteBuffer(bytes: Self.digits[7..<8])) }
        await stream.abandon()
        try await bench.expectTidy()
    }

    /// Name and type may stand behind the bytes: declared at the beginning, only at the end, at both, rightly or not.
    @Test(
        arguments: [
            (MediaType?.none, MediaType.letters, letters, true), (MediaType.letters, .letters, letters, true),
            (nil, .letters, digits, false), (nil, .letters, others, false),
            (nil, .letters, Array(letters.prefix(5)), false), (nil, .letters, [], false),
        ], [1, 8, 100])
    func whatIsSaidBehindTheBytesMustBeTrueToo(
        _ said: (first: MediaType?, last: MediaType, bytes: [UInt8], isTrue: Bool), _ bufferBytes: Int
    ) async throws {
        let bench = bench()
        let name = try #require(FileName("renamed.txt"))
        let naming = Completion.Naming(fileName: name, declaredType: said.last, description: "words")
        let stream = try await bench.engine.openDirect(
            tenant: .default, fileName: .sample, declaredType: said.first, limitBytes: nil)
        func send() async throws -> UploadRecord {
            try await stream.send(said.bytes, inBuffersOf: bufferBytes) {
                try await stream.finish(expecting: [:], naming: naming).upload
            }
        }
        if said.isTrue {
            let standing = try await bench.standing(send())
            #expect(standing.fileName == name)
            #expect(standing.declaredType == said.last)
            #expect(standing.description == "words")
            #expect(try await bench.content(of: standing) == said.bytes)
        } else {
            await expectFault(.contentMismatch) { _ = try await send() }
            #expect(try await bench.store.inventory() == [])
        }
        try await bench.expectTidy()
    }

    @Test(arguments: [1, 3, 7, 8, 20])
    func theFirstPartsTellTheTypeHoweverShortTheyAre(_ partBytes: Int) async throws {
        for (declared, bytes, isRight) in [
            (MediaType?.some(.letters), Self.letters, true), (nil, Self.digits, true), (.letters, Self.digits, false),
        ] {
            let bench = bench()
            let upload = try await bench.begin(sizeBytes: 20, partBytes: partBytes, type: declared)
            var isRefusedAtOnce = false
            for number in (1...(19 / partBytes + 1)).reversed() {
                do {
                    try await bench.engine.send(slice(bytes, part: number, of: partBytes), as: number, of: upload)
                } catch let fault as UploadFault {
                    #expect(fault.code == .contentMismatch && number == 1)
                    isRefusedAtOnce = true
                }
            }
            #expect(isRefusedAtOnce == (!isRight && partBytes >= 8))
            if isRight {
                #expect(try await bench.engine.complete(upload).detectedType == (declared ?? .digits))
            } else if !isRefusedAtOnce {
                await expectFault(.contentMismatch) { _ = try await bench.engine.complete(upload) }
                #expect(try await bench.standing(upload).state == .receiving)
            }
            try await bench.engine.abort(bench.begin())
            try await bench.expectTidy()
        }
    }

    @Test func onlyTheFirstChunkTellsTheType() async throws {
        for isFileFirst in [true, false] {
            let bench = bench()
            let bytes = Self.letters + Self.digits
            for number in [2, 1] {
                try await bench.engine.send(
                    slice(bytes, part: number, of: 20),
                    as: ChunkDescription(
                        tenant: .default, reference: "film", number: number, count: 3, fileName: .sample),
                    isFileFirst: isFileFirst)
                let upload = try await bench.engine.upload("film", of: .default)
                #expect(upload.detectedType == (number == 1 ? .letters : nil), "file first: \(isFileFirst)")
            }
        }
    }

    @Test func aChunkWhoseFileCameFirstIsHeldAgainstWhatWasDeclared() async throws {
        let bench = bench()
        let upload = try await bench.begin(sizeBytes: 40, partBytes: 20, type: .letters)
        for number in 1...2 {
            try await bench.engine.send(
                slice(Self.digits + Self.letters, part: number, of: 20),
                as: ChunkDescription(
                    tenant: .default, reference: upload.fileID.text, number: number, count: 2, fileName: .sample),
                isFileFirst: true)
        }
        await expectFault(.contentMismatch) { _ = try await bench.engine.complete(upload) }
        try await bench.expectTidy()
    }

    @Test func aFirstPartThatIsReplacedIsLookedAtAnew() async throws {
        let bench = bench()
        let upload = try await bench.begin(sizeBytes: 20, partBytes: 20)
        try await bench.engine.send(Self.letters, as: 1, of: upload)
        try await bench.engine.send(Self.digits, as: 1, of: upload)
        #expect(try await bench.engine.complete(upload).detectedType == .digits)
        try await bench.expectTidy()
    }
}
