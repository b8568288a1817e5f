import Foundation

/// What kernels cost when somebody last looked; kept per version of the compiler, in git.
struct Thresholds: Codable {
    /// For who opens the file.
    var note: String
    /// As `swift --version` says it.
    var compiler: String
    var machine: Machine
    var kernels: [String: Cost]

    static let note = """
        Cost of one iteration of each kernel, written by Scripts/micro --update. Instructions are those of callgrind's \
        simulated processor; kernels that ask the processor for its abilities (kernels list: machine) are judged only \
        on the machine named here.
        """

    /// More instructions than this are a regression, fewer than its mirror image a reason to keep new values.
    static let instructionTolerance = 0.05
    /// For kernels with at least ``manyAllocations``; of others not one more is let pass.
    static let allocationTolerance = 0.01
    static let manyAllocations = 100
    /// How far two counts of the same may lie apart, that a threshold on them does not judge chance.
    static let repeatability = 0.01

    /// `nil` when there is no such file.
    init?(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    init(compiler: String, machine: Machine, kernels: [String: Cost]) {
        note = Self.note
        self.compiler = compiler
        self.machine = machine
        self.kernels = kernels
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path))
    }
}
