import Testing
import UploadModel
import UploadProtocols

@Suite struct RangeFieldTests {
    static func partial(_ start: Int64, _ length: Int64) -> RangeOutcome {
        .partial(ByteRange(start: start, length: length))
    }

    static let hundred: [(value: String?, outcome: RangeOutcome)] = [
        (nil, .full),
        ("bytes=0-0", partial(0, 1)),
        ("bytes=0-99", partial(0, 100)),
        ("bytes=10-19", partial(10, 10)),
        ("bytes=10-", partial(10, 90)),
        ("bytes=99-", partial(99, 1)),
        ("bytes=-1", partial(99, 1)),
        ("bytes=-100", partial(0, 100)),
        ("bytes=-101", partial(0, 100)),
        ("bytes=50-100", partial(50, 50)),
        ("bytes=50-99999999999999999999999", partial(50, 50)),
        ("bytes=-99999999999999999999999", partial(0, 100)),
        ("bytes=9223372036854775807-", .unsatisfiable),
        ("bytes=99999999999999999999999-", .unsatisfiable),
        ("bytes=100-", .unsatisfiable),
        ("bytes=100-200", .unsatisfiable),
        ("bytes=-0", .unsatisfiable),
        ("BYTES = 1-2", partial(1, 2)),
        ("bytes=, 1-2 ,", partial(1, 2)),
        ("bytes=0-1,3-4", .full),
        ("bytes=5-4", .full),
        ("bytes=", .full),
        ("bytes=-", .full),
        ("bytes=--1", .full),
        ("bytes=a-b", .full),
        ("bytes=+1-2", .full),
        ("bytes=1-2-3", .full),
        ("bytes=1", .full),
        ("bytes=١-٢", .full),
        ("bytes 1-2", .full),
        ("items=1-2", .full),
        ("", .full),
    ]

    @Test(arguments: hundred.indices)
    func ofAHundredBytes(index: Int) {
        let (value, outcome) = Self.hundred[index]
        #expect(RangeField.evaluate(value, sizeBytes: 100) == outcome)
    }

    @Test(arguments: [("bytes=0-", RangeOutcome.unsatisfiable), ("bytes=0-0", .unsatisfiable), ("bytes=-5", .full)])
    func ofNoBytes(value: String, outcome: RangeOutcome) {
        #expect(RangeField.evaluate(value, sizeBytes: 0) == outcome)
    }

    @Test func ofTheLargestFile() {
        #expect(RangeField.evaluate("bytes=0-", sizeBytes: .max) == Self.partial(0, .max))
        #expect(RangeField.evaluate("bytes=-1", sizeBytes: .max) == Self.partial(.max - 1, 1))
    }

    @Test func writesContentRange() {
        #expect(RangeField.contentRange(ByteRange(start: 10, length: 10), sizeBytes: 100) == "bytes 10-19/100")
        #expect(RangeField.unsatisfiedContentRange(sizeBytes: 100) == "bytes */100")
    }
}
