/// A piece that fits into one block, all of it there and none of it written.
struct SmallWrite: Sendable {
    let block: Block
    let byteCount: Int
    let start: Int64

    var end: Int64 { start + Int64(byteCount) }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: block.bytes[..<byteCount]) }

    /// The places of writes in runs that follow each other in the file, so that each run can be written at once.
    ///
    /// - Parameter maximumCount: of the writes of one run.
    static func runs(of writes: [SmallWrite], maximumCount: Int) -> [[Int]] {
        var runs: [[Int]] = []
        for place in writes.indices.sorted(by: { writes[$0].start < writes[$1].start }) {
            if let last = runs.last, let previous = last.last, last.count < maximumCount,
                writes[previous].end == writes[place].start
            {
                runs[runs.count - 1].append(place)
            } else {
                runs.append([place])
            }
        }
        return runs
    }
}
