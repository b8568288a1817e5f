#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The programs that look into media, found once.
struct DecoderTools: Sendable {
    enum Name: String, CaseIterable, Sendable {
        case ffprobe
        case vips
        case vipsheader
        /// Sets the limits of the others.
        case sh
        /// Lowers their priority.
        case nice
    }

    /// Absolute folders, separated by colons.
    let searchPath: String
    private let paths: [Name: String]

    /// - Parameter folders: where to look, the first find counts; what is no absolute path is left out.
    init(searchPath folders: [String]) {
        let absolute = folders.filter { $0.hasPrefix("/") && !$0.contains(":") }
        searchPath = absolute.joined(separator: ":")
        var paths: [Name: String] = [:]
        for name in Name.allCases {
            paths[name] = absolute.map { "\($0)/\(name.rawValue)" }
                .first { FileManager.default.isExecutableFile(atPath: $0) }
        }
        self.paths = paths
    }

    var missing: [String] { Name.allCases.filter { paths[$0] == nil }.map(\.rawValue) }

    func path(of name: Name) throws(ExaminationFault) -> String {
        guard let path = paths[name], paths[.sh] != nil, paths[.nice] != nil else {
            throw ExaminationFault(
                .toolMissing, "This server lacks a program that is needed to look into the file.",
                cause: "not found: \(missing.joined(separator: ", "))")
        }
        return path
    }
}
