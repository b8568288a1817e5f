import Foundation
import UploadModel

@testable import MediaInspection

/// A folder of its own for one test, and the programs that make files in it. Goes with the test.
final class Workshop: Sendable {
    let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "examination-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Returns the path.
    @discardableResult
    func write(_ bytes: [UInt8], as name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }

    func bytes(of path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path))) }

    /// What stands in the folder, sorted.
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    /// `arguments` without the output; returns its path.
    func ffmpeg(_ arguments: [String], _ name: String) throws -> String {
        try run("ffmpeg", package: "ffmpeg", ["-nostdin", "-loglevel", "error", "-y"] + arguments + [path(name)])
        return path(name)
    }

    func convert(_ arguments: [String], _ name: String) throws -> String {
        try run("convert", package: "imagemagick", arguments + [path(name)])
        return path(name)
    }

    private func run(_ tool: String, package: String, _ arguments: [String]) throws {
        let program = "/usr/bin/\(tool)"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw SampleFault("\(program) is missing; install the Debian package \(package)")
        }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        let complaints = Pipe()
        process.standardError = complaints
        try process.run()
        let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw SampleFault("\(tool) \(arguments.joined(separator: " ")): \(said)")
        }
    }
}

/// The fault of something that ought to fail; a success is told as one.
func fault<Value>(_ work: () async throws(ExaminationFault) -> Value) async throws -> ExaminationFault {
    do {
        let value = try await work()
        throw SampleFault("no fault but \(value)")
    } catch let fault as ExaminationFault {
        return fault
    }
}

extension ExaminationLimits {
    init(_ change: (inout ExaminationLimits) -> Void) {
        self.init()
        change(&self)
    }
}

extension MediaFacts {
    var size: String { "\(widthPixels.map(String.init) ?? "?")x\(heightPixels.map(String.init) ?? "?")" }
}

extension ImageCopy {
    var size: String { "\(widthPixels)x\(heightPixels)" }
}
