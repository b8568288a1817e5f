/// A parser, and what must hold whatever it is given.
package struct FuzzTarget: Sendable {
    package let name: String
    /// - Throws: ``Violation`` for an input that breaks a rule.
    package let run: @Sendable ([UInt8]) throws -> Void

    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }

    package static let all: [FuzzTarget] = [
        FuzzTarget(name: "addresses", run: Addresses.check),
        FuzzTarget(name: "answers", run: Answers.check),
        FuzzTarget(name: "chunked", run: Chunked.check),
        FuzzTarget(name: "digests", run: Digests.check),
        FuzzTarget(name: "forms", run: Forms.check),
        FuzzTarget(name: "forwarded", run: Forwarded.check),
        FuzzTarget(name: "gallery", run: Gallery.check),
        FuzzTarget(name: "grants", run: Grants.check),
        FuzzTarget(name: "iso-bmff", run: BoxedMedia.check),
        FuzzTarget(name: "json", run: JSONObjects.check),
        FuzzTarget(name: "matroska", run: MatroskaMedia.check),
        FuzzTarget(name: "metadata", run: Metadata.check),
        FuzzTarget(name: "multipart", run: Multipart.check),
        FuzzTarget(name: "names", run: Names.check),
        FuzzTarget(name: "queries", run: Queries.check),
        FuzzTarget(name: "ranges", run: Ranges.check),
        FuzzTarget(name: "resumable", run: Resumable.check),
        FuzzTarget(name: "signatures", run: Signatures.check),
        FuzzTarget(name: "timestamps", run: Timestamps.check),
        FuzzTarget(name: "tus", run: Tus.check),
    ]
}

/// Something that must hold for every input did not hold for this one.
package struct Violation: Error, CustomStringConvertible {
    package let description: String
}

/// What a call throws; `nil` when it does not.
func thrown<Failure: Error>(_ body: () throws(Failure) -> Void) -> Failure? {
    do throws(Failure) {
        try body()
        return nil
    } catch {
        return error
    }
}

/// - Throws: ``Violation`` when it does not hold.
func claim(_ holds: Bool, _ rule: @autoclosure () -> String) throws {
    if !holds { throw Violation(description: rule()) }
}
