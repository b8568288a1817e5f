import UploadModel
import UploadProtocols
import UploadRules

extension Kernel {
    /// What is here of an upload of 10,000 parts, the most that one may have.
    static let parts: [Kernel] = [extentSet, partsMachine, partsRestored, partsStatus]

    private static let count = 10_000
    private static let partBytes: Int64 = 8 << 20
    private static let bounds = PartsMachine.Bounds(maximumPartBytes: 5 << 30, maximumPartCount: count)
    private static let layout = PartLayout(
        partSizeBytes: partBytes, partCount: count, sizeBytes: Int64(count) * partBytes)

    private static let extentSet = Kernel(
        "extent-set", "10,000 numbers put into a set in random order", iterations: 2
    ) {
        let order = Sample.shuffled(count)
        return { iterations in
            for _ in 0..<iterations {
                var set = ExtentSet()
                for number in order { set.insert(number) }
                guard set.run(from: 1) == count else { throw KernelFault("the set is not whole") }
                consume(set)
            }
        }
    }

    private static let partsMachine = Kernel(
        "parts-machine", "10,000 parts offered, ended and recorded in random order", iterations: 1
    ) {
        let order = Sample.shuffled(count)
        return { iterations in
            for _ in 0..<iterations {
                var machine = PartsMachine(layout: layout, maximumBytes: 128 << 30, bounds: bounds)
                for number in order {
                    consume(machine.partOffered(number, declaredBytes: partBytes, announcedCount: nil))
                    guard
                        case .record(let range, let learned) = machine.partEnded(
                            number, lengthBytes: partBytes, announcedCount: nil)
                    else { throw KernelFault("part \(number) was refused") }
                    machine.partRecorded(number, lengthBytes: range.length, layout: learned)
                }
                guard case .publish = machine.completionRequested() else {
                    throw KernelFault("the upload is not whole")
                }
            }
        }
    }

    private static let partsRestored = Kernel(
        "parts-restored", "machine of an upload restored from 5,000 recorded parts", iterations: 2
    ) {
        let upload = try Sample.upload(layout)
        let stored = everySecondPart()
        return { iterations in
            for _ in 0..<iterations {
                let machine = UploadMachine(restoring: upload, parts: stored, bounds: bounds)
                consume(machine.parts.missing)
                consume(machine.parts.prefixBytes)
            }
        }
    }

    private static let partsStatus = Kernel(
        "parts-status", "status of an upload of 10,000 parts, every second of them here, as JSON", iterations: 1
    ) {
        let upload = try Sample.upload(layout)
        let stored = everySecondPart()
        let missing = stored.map { $0.number + 1...$0.number + 1 }
        return { iterations in
            for _ in 0..<iterations {
                consume(PartsReplies.status(upload, parts: stored, missing: missing, address: Sample.address))
            }
        }
    }

    private static func everySecondPart() -> [StoredPart] {
        stride(from: 1, to: count, by: 2).map { number in
            StoredPart(
                number: number, range: ByteRange(start: Int64(number - 1) * partBytes, length: partBytes),
                crc32c: CRC32C(UInt32(number)), token: .inPlace)
        }
    }
}
