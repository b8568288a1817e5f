import NIOCore
import Testing

@testable import MediaLibrary

@Suite(.timeLimit(.minutes(1))) struct HopPipeTests {
    static func buffer(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 7, count: count) }

    @Test func `what came comes out in order, the end last and again`() async {
        let pipe = HopPipe()
        let head = AnswerHead(status: 200, fields: [])
        pipe.push(head)
        #expect(pipe.offer(Self.buffer(1)) == .taken)
        pipe.push(last: Self.buffer(2))
        pipe.finish(.whole)
        pipe.finish(.stopped)
        for expected in ["head 200", "bytes 1", "bytes 2", "end whole", "end whole"] {
            #expect(await Self.text(pipe.next()) == expected)
        }
    }

    @Test func `there is room until the limit, what is in use counted`() async {
        let pipe = HopPipe()
        let half = HopPipe.maximumOutstandingBytes / 2
        #expect(pipe.offer(Self.buffer(half)) == .taken)
        #expect(pipe.offer(Self.buffer(half)) == .taken)
        #expect(pipe.offer(Self.buffer(1)) == .full)
        _ = await pipe.next()
        // The first is still in the hands of the task.
        #expect(pipe.offer(Self.buffer(1)) == .full)
        _ = await pipe.next()
        #expect(pipe.offer(Self.buffer(half)) == .taken)
        #expect(pipe.offer(Self.buffer(1)) == .full)
    }

    @Test func `a buffer beyond the limit goes through alone`() {
        let pipe = HopPipe()
        #expect(pipe.offer(Self.buffer(HopPipe.maximumOutstandingBytes + 1)) == .taken)
        #expect(pipe.offer(Self.buffer(1)) == .full)
    }

    @Test func `one that has not begun ends at once`() async {
        let pipe = HopPipe()
        pipe.stop()
        #expect(await Self.text(pipe.next()) == "end stopped")
        #expect(pipe.offer(Self.buffer(1)) == .stopped)
    }

    private static func text(_ event: HopPipe.Event) -> String {
        switch event {
        case .head(let head): "head \(head.status)"
        case .bytes(let bytes): "bytes \(bytes.readableBytes)"
        case .end(.whole): "end whole"
        case .end(.stopped): "end stopped"
        case .end(.failed(let failure)): "end \(failure.kind)"
        }
    }
}
