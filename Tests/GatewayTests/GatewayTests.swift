import Foundation
import Testing

/// The whole product: the real program, real sockets, the real curl, real media files.
///
/// One after the other, because the machine that runs them may be small and shared.
@Suite(.serialized, .workspace) enum GatewayTests {}

/// Makes the samples, and removes everything when all suites have ended.
struct WorkspaceTrait: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        defer { Scratch.remove([Scratch.folder]) }
        try await Samples.$current.withValue(try await Samples.make()) { try await function() }
    }
}

/// Starts a gateway for a suite. When the suite is over, the gateway must end in order, its catalog and its disk must
/// agree, and its log must tell no secret and no fault of its own.
struct GatewayTrait: SuiteTrait, TestScoping {
    var options: [String] = []

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let gateway = try await RunningGateway.start(options: options)
        do {
            try await RunningGateway.$current.withValue(gateway) { try await function() }
        } catch {
            try await gateway.kill()
            throw error
        }
        #expect(gateway.process.isRunning, "the gateway died: \(gateway.log.text.suffix(2000))")
        #expect(try await gateway.stop() == 0)
        try await gateway.expectSound()
        let log = try await gateway.log.whole()
        #expect(GatewayLog.leaks(in: log, key: gateway.key) == [], "the log tells secrets")
        let faults = GatewayLog.faults(in: log)
        #expect(faults == [], "the gateway logged faults of its own")
        Scratch.remove([gateway.folder])
    }
}

extension RunningGateway {
    /// `sluice check` finds everything that was acknowledged.
    func expectSound(_ location: SourceLocation = #_sourceLocation) async throws {
        let check = try await command("check")
        #expect(check.exitCode == 0, "\(check.output) \(check.errors)", sourceLocation: location)
        #expect(check.output.contains("all sound"), sourceLocation: location)
    }
}

extension Trait where Self == WorkspaceTrait {
    static var workspace: Self { Self() }
}

extension Trait where Self == GatewayTrait {
    static var gateway: Self { Self() }

    static func gateway(_ options: String...) -> Self { Self(options: options) }
}
