import Testing

@testable import MediaLibrary

/// What a server and libcurl together do not let happen, and the order of attempts.
@Suite struct DownloadMachineTests {
    static func begun(length: Int64?, tag: String? = "\"v1\"") throws -> DownloadMachine {
        var order = DownloadOrder("http://example.org/a", maximumBytes: 1_000)
        order.backOffMilliseconds = 100
        order.maximumAttempts = 4
        var machine = try DownloadMachine(order)
        var fields = length.map { [HeaderField("Content-Length", "\($0)")] } ?? []
        if let tag { fields.append(HeaderField("ETag", tag)) }
        guard case .begin = machine.answered(AnswerHead(status: 200, fields: fields)) else {
            Issue.record("it did not begin")
            return machine
        }
        return machine
    }

    static let cut = HopEnd.failed(HopFailure(.brokenOff, cause: "cut"))

    @Test func `fewer bytes than announced are a break, whatever else is said`() throws {
        var machine = try Self.begun(length: 10)
        #expect(machine.received(9) == nil)
        #expect(machine.ended(.whole, remainingMilliseconds: 1_000) == .tryAgain(afterMilliseconds: 100))
        #expect(
            machine.question.fields == [HeaderField("Range", "bytes=9-"), HeaderField("If-Range", "\"v1\"")])
    }

    @Test func `more bytes than announced are refused`() throws {
        var machine = try Self.begun(length: 10)
        #expect(machine.received(10) == nil)
        #expect(machine.received(1)?.code == .unreachable)
    }

    @Test func `all bytes are the whole file`() throws {
        var machine = try Self.begun(length: 10)
        #expect(machine.received(10) == nil)
        #expect(
            machine.ended(.whole, remainingMilliseconds: 0)
                == .complete(DownloadSummary(receivedBytes: 10, attempts: 1)))
    }

    @Test func `every pause is twice the one before, and attempts are counted`() throws {
        var machine = try Self.begun(length: 10)
        #expect(machine.received(1) == nil)
        for pause in [100, 200, 400] {
            #expect(machine.ended(Self.cut, remainingMilliseconds: 401) == .tryAgain(afterMilliseconds: pause))
        }
        #expect(
            machine.ended(Self.cut, remainingMilliseconds: 10_000)
                == .fail(HopFailure(.brokenOff, cause: "cut").fault))
    }

    @Test func `a pause that takes all the time is not begun`() throws {
        var machine = try Self.begun(length: 10)
        #expect(machine.received(1) == nil)
        guard case .fail(let fault) = machine.ended(Self.cut, remainingMilliseconds: 100) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.code == .timedOut)
    }

    @Test(arguments: [(Int64?.none, "\"v1\"" as String?, 5), (10, nil, 5), (10, "W/\"v1\"", 5), (10, "\"v1\"", 0)])
    func `what cannot be proven to go on does not`(length: Int64?, tag: String?, received: Int) throws {
        var machine = try Self.begun(length: length, tag: tag)
        #expect(machine.received(received) == nil)
        #expect(
            machine.ended(Self.cut, remainingMilliseconds: 10_000)
                == .fail(HopFailure(.brokenOff, cause: "cut").fault))
    }

    @Test(arguments: HopFailure.Kind.allCases)
    func `only what may pass is tried again`(kind: HopFailure.Kind) throws {
        var machine = try Self.begun(length: 10)
        #expect(machine.received(1) == nil)
        let failure = HopFailure(kind, cause: "x")
        let goesOn = [.late, .brokenOff, .notConnected, .hostUnknown].contains(kind)
        #expect(
            machine.ended(.failed(failure), remainingMilliseconds: 10_000)
                == (goesOn ? .tryAgain(afterMilliseconds: 100) : .fail(failure.fault)))
        #expect(failure.fault.cause == "x")
    }

    @Test func `an end without an answer is none`() throws {
        var machine = try DownloadMachine(DownloadOrder("http://example.org/"))
        guard case .fail(let fault) = machine.ended(.whole, remainingMilliseconds: 1) else {
            Issue.record("it completed")
            return
        }
        #expect(fault.code == .unreachable)
        #expect(machine.ended(.stopped, remainingMilliseconds: 1) == .fail(.stopped))
    }
}
