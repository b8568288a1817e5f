import Testing
import UploadModel

@testable import UploadRules

/// Every state against every event.
@Suite struct UploadMachineTests {
    /// A state together with whether the one-shot link was used, and what is here.
    enum Standing: String, CaseIterable, Sendable {
        case granted, fresh, begun, claimed, complete, failed, aborted, expired

        var state: UploadState {
            switch self {
            case .granted: .granted
            case .fresh, .begun, .claimed: .receiving
            case .complete: .complete
            case .failed: .failed
            case .aborted: .aborted
            case .expired: .expired
            }
        }
    }

    private static let deadline = Timestamp(milliseconds: 5000)
    private static let bounds = PartsMachine.Bounds(maximumPartBytes: 100, maximumPartCount: 10)

    private static func machine(
        _ standing: Standing, size: Int64? = nil, most: Int64 = 50, digests: [DigestAlgorithm: Digest] = [:]
    ) throws -> UploadMachine {
        var record = UploadRecord(
            fileID: .random(), tenant: .default, fileName: try #require(FileName("clip.mov")), declaredType: nil,
            layout: PartLayout(partSizeBytes: 10, sizeBytes: size), maximumBytes: most, state: standing.state,
            createdAt: Timestamp(milliseconds: 0), expiresAt: deadline)
        record.expectedDigests = digests
        if standing == .claimed { record.claimedAt = Timestamp(milliseconds: 1) }
        let part = StoredPart(number: 1, range: ByteRange(start: 0, length: 10), crc32c: .empty, token: .inPlace)
        return UploadMachine(restoring: record, parts: standing == .begun ? [part] : [], bounds: bounds)
    }

    @Test func `what a file must have is said once by each algorithm`() throws {
        let (some, others) = (Self.digests(1), Self.digests(2))
        for algorithm in DigestAlgorithm.allCases {
            let machine = try Self.machine(.fresh, digests: some.filter { $0.key == algorithm })
            func offered(_ digests: [DigestAlgorithm: Digest]) -> UploadMachine.AppendAction {
                machine.appendOffered(
                    .init(offset: nil, declaredBytes: nil, sizeBytes: nil, endsFile: false, fileDigests: digests))
            }
            for told in [[:], some, others.filter { $0.key != algorithm }] {
                #expect(offered(told) == .write(upTo: 50, learning: nil))
            }
            #expect(offered(others) == .refuse(.digest(algorithm)))
        }
    }

    private static func digests(_ byte: UInt8) -> [DigestAlgorithm: Digest] {
        DigestAlgorithm.allCases.reduce(into: [:]) {
            $0[$1] = Digest($1, bytes: Array(repeating: byte, count: $1.byteCount))
        }
    }

    @Test(arguments: Standing.allCases)
    func `a stream is offered`(standing: Standing) throws {
        let action = try Self.machine(standing).streamOffered(declaredBytes: 20)
        switch standing {
        case .granted, .fresh: #expect(action == .claim(sizing: .exactly(20)))
        case .begun, .claimed, .complete, .failed, .aborted, .expired: #expect(action == .refuse(.linkUsed))
        }
    }

    @Test(
        arguments: [
            (nil, nil, .claim(sizing: .atMost(50))),
            (nil, 0, .claim(sizing: .exactly(0))),
            (nil, 50, .claim(sizing: .exactly(50))),
            (nil, 51, .refuse(.tooLarge(maximumBytes: 50))),
            (nil, .max, .refuse(.tooLarge(maximumBytes: 50))),
            (20, nil, .claim(sizing: .exactly(20))),
            (20, 20, .claim(sizing: .exactly(20))),
            (20, 19, .refuse(.size(announcedBytes: 20, gotBytes: 19))),
            (20, 51, .refuse(.tooLarge(maximumBytes: 50))),
        ] as [(Int64?, Int64?, UploadMachine.StreamOfferAction)])
    func `the size of a stream`(size: Int64?, declared: Int64?, action: UploadMachine.StreamOfferAction) throws {
        #expect(try Self.machine(.granted, size: size).streamOffered(declaredBytes: declared) == action)
    }

    @Test(arguments: Standing.allCases)
    func `a stream ended`(standing: Standing) throws {
        let action = try Self.machine(standing).streamEnded(lengthBytes: 20)
        switch standing {
        case .granted: #expect(action == .refuse(.notStarted))
        case .fresh, .begun, .claimed: #expect(action == .publish(sizeBytes: 20))
        case .complete: #expect(action == .refuse(.complete))
        case .failed, .aborted, .expired: #expect(action == .refuse(.ended(standing.state)))
        }
    }

    @Test(
        arguments: [
            (nil, 0, .publish(sizeBytes: 0)),
            (nil, 50, .publish(sizeBytes: 50)),
            (nil, 51, .refuse(.tooLarge(maximumBytes: 50))),
            (20, 20, .publish(sizeBytes: 20)),
            (20, 19, .refuse(.size(announcedBytes: 20, gotBytes: 19))),
            (20, 21, .refuse(.size(announcedBytes: 20, gotBytes: 21))),
        ] as [(Int64?, Int64, UploadMachine.StreamEndAction)])
    func `the size of an ended stream`(size: Int64?, length: Int64, action: UploadMachine.StreamEndAction) throws {
        #expect(try Self.machine(.claimed, size: size).streamEnded(lengthBytes: length) == action)
    }

    private static func refusalOfParts(_ standing: Standing) -> Refusal? {
        switch standing {
        case .granted: .notStarted
        case .fresh, .begun: nil
        case .claimed: .linkUsed
        case .complete: .complete
        case .failed, .aborted, .expired: .ended(standing.state)
        }
    }

    @Test(arguments: Standing.allCases)
    func `a part is offered and ends`(standing: Standing) throws {
        let machine = try Self.machine(standing)
        let offer = machine.partOffered(2, declaredBytes: 10)
        let end = machine.partEnded(2, lengthBytes: 10)
        if let refusal = Self.refusalOfParts(standing) {
            #expect(offer == .refuse(refusal))
            #expect(end == .refuse(refusal))
        } else {
            #expect(offer == .write(at: PiecePlace(number: 2, start: 10), sizing: .exactly(10)))
            #expect(
                end == .record(ByteRange(start: 10, length: 10), learning: PartLayout(partSizeBytes: 10)))
        }
    }

    @Test(arguments: Standing.allCases)
    func `completion is requested`(standing: Standing) throws {
        let action = try Self.machine(standing).completionRequested()
        switch standing {
        case .granted: #expect(action == .refuse(.notStarted))
        case .fresh, .claimed: #expect(action == .refuse(.missing([1...1])))
        case .begun: #expect(action == .publish(sizeBytes: 10))
        case .complete: #expect(action == .replay)
        case .failed, .aborted, .expired: #expect(action == .refuse(.ended(standing.state)))
        }
    }

    @Test(arguments: Standing.allCases)
    func `its owner gives it up`(standing: Standing) throws {
        let action = try Self.machine(standing).abortRequested()
        switch standing {
        case .granted, .fresh, .begun, .claimed: #expect(action == .discard(as: .aborted))
        case .complete: #expect(action == .refuse(.complete))
        case .failed, .aborted, .expired: #expect(action == .nothing)
        }
    }

    @Test(arguments: Standing.allCases)
    func `its transfer failed`(standing: Standing) throws {
        let action = try Self.machine(standing).transferFailed()
        #expect(action == (standing.state.isOpen ? .discard(as: .failed) : .nothing))
    }

    @Test(arguments: Standing.allCases, [4999, 5000, 5001, Int64.max, Int64.min] as [Int64])
    func `time passed`(standing: Standing, milliseconds: Int64) throws {
        let action = try Self.machine(standing).timePassed(now: Timestamp(milliseconds: milliseconds))
        let isOver = standing.state.isOpen && milliseconds >= 5000
        #expect(action == (isOver ? .discard(as: .expired) : .nothing))
    }

    // MARK: What happened, and the record of it

    @Test func `a claim is a claim after a restart`() throws {
        var machine = try Self.machine(.granted)
        machine.claimed()
        #expect(try machine == Self.machine(.claimed))
        #expect(machine.streamOffered(declaredBytes: nil) == .refuse(.linkUsed))
    }

    @Test func `a part is there after a restart`() throws {
        var machine = try Self.machine(.fresh)
        machine.partRecorded(1, lengthBytes: 10, layout: machine.parts.layout)
        #expect(try machine == Self.machine(.begun))
        #expect(machine.streamOffered(declaredBytes: nil) == .refuse(.linkUsed))
    }

    @Test(arguments: [UploadState.failed, .aborted, .expired])
    func `an end is an end after a restart`(state: UploadState) throws {
        var machine = try Self.machine(.fresh)
        machine.ended(as: state)
        let standing = try #require(Standing(rawValue: state.rawValue))
        #expect(try machine == Self.machine(standing))
    }

    @Test func `complete is complete after a restart`() throws {
        var machine = try Self.machine(.fresh)
        machine.completed()
        #expect(try machine == Self.machine(.complete))
        #expect(machine.abortRequested() == .refuse(.complete))
    }

    /// The size that the last part told is the announced size from then on, as the catalog has it.
    @Test func `what was learned is as good as announced`() throws {
        var machine = try Self.machine(.fresh)
        let learned = PartLayout(partSizeBytes: 10, partCount: 1, sizeBytes: 7)
        machine.partRecorded(1, lengthBytes: 7, layout: learned)
        #expect(machine.parts.layout == learned)
        #expect(machine.streamEnded(lengthBytes: 8) == .refuse(.size(announcedBytes: 7, gotBytes: 8)))
    }
}
