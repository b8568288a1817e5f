package import UploadModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension MediaExaminer {
    /// Makes a copy that fits a square, never enlarged, upright, in sRGB, without metadata: no place, no camera, no
    /// comments, no colour profile. Of a moving image it shows the first frame and stands still.
    ///
    /// Unlike ``facts(ofFileAt:type:)`` this reads every pixel: an image that ends early is refused, though most
    /// viewers would show what there is.
    ///
    /// - Parameters:
    ///   - path: of the image.
    ///   - type: what the bytes were found to be.
    ///   - output: where the copy goes. Nothing stands there, its folder exists, and it ends with `.jpg`, `.png`,
    ///     `.gif` or `.webp` as ``copyType(of:)`` demands, because libvips goes by that: another ending traps. After a
    ///     fault there is nothing. The copy is not durable.
    ///   - edge: of the square, in pixels, 1 to 65,535.
    package func copy(
        ofFileAt path: String, type: MediaType, to output: String, fitting edge: Int = 1080
    ) async throws(ExaminationFault) -> ImageCopy {
        try Self.check(path)
        try Self.check(output)
        let type = Self.canonical(type)
        guard let format = ImageFormat(type) else {
            throw ExaminationFault(.unreadable, "Files of the type \(type) are not resized.")
        }
        precondition((1...65_535).contains(edge), "\(edge) is no size of a copy")
        precondition(
            output.hasSuffix(format.copyFormat.suffix), "a copy of \(type) ends with \(format.copyFormat.suffix)")
        guard !FileManager.default.fileExists(atPath: output) else {
            throw ExaminationFault(.failed, "The copy could not be written on this server.", cause: "it exists")
        }
        let size = try await header(ofFileAt: path, format: format)
        guard size.pixels <= limits.maximumPixels else {
            throw ExaminationFault(
                .tooLarge,
                "The image has \(size.width) x \(size.height) pixels; at most \(limits.maximumPixels) are resized.")
        }
        do {
            return try await write(format, from: path, to: output, fitting: edge)
        } catch {
            try? FileManager.default.removeItem(atPath: output)
            throw error
        }
    }

    func imageFacts(ofFileAt path: String, format: ImageFormat) async throws(ExaminationFault) -> MediaFacts {
        let size = try await header(ofFileAt: path, format: format)
        let isTurned = format.mayBeTurned ? try await isOnItsSide(path) : false
        return MediaFacts(
            widthPixels: isTurned ? size.height : size.width, heightPixels: isTurned ? size.width : size.height)
    }

    private func write(
        _ format: ImageFormat, from path: String, to output: String, fitting edge: Int
    ) async throws(ExaminationFault) -> ImageCopy {
        let copyFormat = format.copyFormat
        // `fail-on error` fails where the image ends early, too; warnings, which many cameras cause, it lets pass.
        _ = try await self.output(
            of: .vips,
            [
                "thumbnail", path, output + copyFormat.savingOptions, "\(edge)", "--height", "\(edge)",
                "--size", "down", "--fail-on", "error", "--export-profile", "srgb",
            ],
            unreadable: "The image ends early or is damaged.", paths: [path, output])
        let size = try await header(ofFileAt: output, format: copyFormat)
        return ImageCopy(mediaType: copyFormat.mediaType, widthPixels: size.width, heightPixels: size.height)
    }

    /// Reads the head and makes sure that libvips takes the file for what it was found to be.
    private func header(ofFileAt path: String, format: ImageFormat) async throws(ExaminationFault) -> ImageHeader {
        var unreadable = "The file cannot be read as \(format.mediaType)."
        if format.loader == ImageFormat.heic.loader {
            unreadable = "The file cannot be read as \(format.mediaType), or this server has no decoder for it."
        }
        let said = try await output(of: .vipsheader, [path], unreadable: unreadable, paths: [path])
        guard let header = ImageHeader(String(decoding: said, as: UTF8.self), path: path) else {
            throw ExaminationFault(.unreadable, unreadable, cause: "vipsheader's answer has another form")
        }
        guard header.traits.contains(format.loader) else {
            throw ExaminationFault(
                .unreadable, unreadable, cause: "read by \(header.traits.last ?? "none"), not \(format.loader)")
        }
        return header
    }

    /// Whether EXIF says that width and height are to change places: orientations 5 to 8 (TIFF 6.0 section 8).
    private func isOnItsSide(_ path: String) async throws(ExaminationFault) -> Bool {
        do {
            let said = try await output(
                of: .vipsheader, ["-f", "orientation", path], unreadable: "The file has no orientation.", paths: [path])
            let text = String(decoding: said, as: UTF8.self)
            return Int(text.split(whereSeparator: \.isWhitespace).first ?? "").map((5...8).contains) ?? false
        } catch  where error.code == .unreadable {
            // The head was readable a moment ago, so what is missing is the field.
            return false
        }
    }
}

/// What vipsheader says in one line: `PATH: 3000x2000 uchar, 3 bands, srgb, jpegload`.
struct ImageHeader: Hashable, Sendable {
    let width: Int
    let height: Int
    /// What stands behind the size, the loader last.
    let traits: [String]

    /// `nil` when the line has another form.
    init?(_ line: String, path: String) {
        let start = path + ": "
        guard line.hasPrefix(start) else { return nil }
        let rest = line.dropFirst(start.count).drop { $0 == " " }
        let size = rest.prefix { $0 != " " }.split(separator: "x", omittingEmptySubsequences: false)
        // Beyond 2^31 no product of the two fits.
        guard size.count == 2, let width = Int32(size[0]), let height = Int32(size[1]), width > 0, height > 0 else {
            return nil
        }
        self.width = Int(width)
        self.height = Int(height)
        traits = rest.split(separator: ",").dropFirst()
            .map { $0.drop(while: \.isWhitespace).split(whereSeparator: \.isNewline).first.map(String.init) ?? "" }
    }

    var pixels: Int64 { Int64(width) * Int64(height) }
}
