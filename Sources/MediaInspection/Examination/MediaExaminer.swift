package import UploadModel

/// Reads the facts of finished media and makes copies of images: never in this process, always in a confined child.
///
/// Videos are read by ffprobe, which is told the container, images by libvips (`vipsheader`, `vips`), whose choice of a
/// reader is checked: so no file chooses the decoder that reads it. Debian's packages: ffmpeg and libvips-tools.
///
/// Paths are absolute and hold neither brackets, which libvips takes for options, nor control characters.
package struct MediaExaminer: Sendable {
    package static let standardSearchPath = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin"]

    package let limits: ExaminationLimits
    /// Names of the programs that were not found; without any of them nothing that needs it can be examined.
    package let missingTools: [String]

    let tools: DecoderTools

    /// Looks for the programs, once.
    ///
    /// - Parameter searchPath: absolute folders in order; they become the children's PATH.
    package init(
        limits: ExaminationLimits = ExaminationLimits(), searchPath: [String] = Self.standardSearchPath
    ) {
        self.limits = limits
        tools = DecoderTools(searchPath: searchPath)
        missingTools = tools.missing
    }

    /// The facts of an image or a video.
    ///
    /// Width and height are as shown: an image turned as its EXIF says, a video as its display matrix says. Pixels that
    /// are not square are not evened out. Of several streams the first counts, cover pictures left out. Pixels of an
    /// image are not decoded, so damage behind its head is not found.
    ///
    /// - Parameters:
    ///   - path: of the file; see above for its form.
    ///   - type: what the bytes were found to be; synonyms are understood.
    package func facts(ofFileAt path: String, type: MediaType) async throws(ExaminationFault) -> MediaFacts {
        try Self.check(path)
        let type = Self.canonical(type)
        if let format = ImageFormat(type) {
            return try await imageFacts(ofFileAt: path, format: format)
        }
        if let container = VideoContainer(type) {
            return try await videoFacts(ofFileAt: path, type: type, container: container)
        }
        throw ExaminationFault(.unreadable, "Files of the type \(type) are not examined.")
    }

    /// The type of the copy of an image: its own, but JPEG for HEIC and AVIF; `nil` for what is no image.
    package static func copyType(of type: MediaType) -> MediaType? {
        ImageFormat(canonical(type))?.copyType
    }

    static func canonical(_ type: MediaType) -> MediaType {
        MediaFormatTable.known.format(of: type)?.mediaType ?? type
    }

    /// libvips reads what stands in brackets at the end of a name as options, and ffmpeg what stands before a colon as
    /// a protocol, which a name that begins with a slash does not have.
    static func check(_ path: String) throws(ExaminationFault) {
        let isPlain = path.utf8.allSatisfy {
            $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]")
        }
        guard path.hasPrefix("/"), isPlain else {
            throw ExaminationFault(
                .failed, "This server keeps its files where they cannot be examined.",
                cause: "not an absolute path without brackets and control characters: \(path)")
        }
    }

    /// Runs one of the programs and returns its standard output.
    ///
    /// - Parameters:
    ///   - unreadable: the message when the file is to blame.
    ///   - paths: those among the arguments, for hiding them.
    func output(
        of tool: DecoderTools.Name, _ arguments: [String], unreadable: String, paths: [String]
    ) async throws(ExaminationFault) -> [UInt8] {
        let child = ConfinedChild(limits: limits, searchPath: tools.searchPath)
        let report = try await child.run(try tools.path(of: tool), arguments)
        if let fault = report.fault(limits: limits, unreadable: unreadable, hiding: paths) { throw fault }
        return report.output
    }
}
