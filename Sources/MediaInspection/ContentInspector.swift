package import UploadModel

/// Tells what a file is from its first bytes, and whether that is what it was said to be.
///
/// Every format of `MediaFormatTable.known` is recognised by a rule of this module, and by nothing else. libmagic is
/// asked only about what those rules leave, to give it a name (`text/html`, `application/zip`…); were it to name a known
/// format, it would not be believed. So another version of libmagic may change what a refused file is called, never which
/// files are accepted.
///
/// ## QuickTime and MP4
///
/// Both are the same kind of container, and a player for one mostly plays the other. The line is drawn by the file type
/// box alone, that is by what the file says of itself, not by its codecs and not by the extension of its name:
///
/// - The major brand gives the type. `qt  ` is `video/quicktime`; `isom`, `iso2`…`isoc`, `mp41`, `mp42`, `avc1`, `dash`
///   and their like are `video/mp4`; `M4V `, `M4VH` and `M4VP` are `video/x-m4v`. When the major brand is not known, the
///   known ones among the compatible brands decide.
/// - A file may go by every name that its brands claim. Declared as `video/mp4`, a file of major brand `qt  ` is
///   accepted if an MP4 brand is among its compatible brands; declared as `video/quicktime`, a file of an MP4 major
///   brand is accepted only if `qt  ` is. A `.mov` straight from an iPhone lists `qt  ` alone, so it is QuickTime and
///   not MP4.
/// - `video/mp4` and `video/x-m4v` accept each other's brands. Audio (`M4A `, `M4B `) and pictures (`heic`, `avif`…) are
///   neither, whatever their compatible brands say.
/// - A file with no file type box that begins with `moov`, `mdat`, `wide`, `free`, `skip` or `pnot` is QuickTime from
///   before there were brands. It is not MP4.
///
/// What is *declared* is not held against the accepted formats: that is decided before there are bytes. They count only
/// where nothing was declared.
package struct ContentInspector: ContentChecking {
    /// 1 KiB. The rules of this module need less: a file type box with fifty brands has 216 bytes, an EBML header about
    /// 50, three packets of a transport stream 389. Signatures that libmagic knows mostly stand in the first 512. More
    /// would hold back the answer, and thereby the refusal, without changing it.
    package let prefixBytes = 1024

    private let accepted: MediaFormatTable
    private let magic: MagicDatabase

    /// - Parameter accepted: the formats that a file of undeclared type may have.
    /// - Throws: ``InspectionStartFault`` when libmagic or its database cannot be loaded.
    package init(accepting accepted: MediaFormatTable) throws(InspectionStartFault) {
        try self.init(accepting: accepted, magicDatabase: nil)
    }

    init(accepting accepted: MediaFormatTable, magicDatabase path: String?) throws(InspectionStartFault) {
        self.accepted = accepted
        magic = try MagicDatabase(path: path)
    }

    /// See ``ContentChecking``. A file of no bytes is `application/x-empty`. Bytes beyond ``prefixBytes`` are not looked
    /// at. A synonym of a known format is taken for that format, and the verdict carries the format's own name.
    package func verdict(on prefix: [UInt8], declared: MediaType?) -> ContentVerdict {
        let finding = finding(in: FilePrefix(prefix, limit: prefixBytes))
        guard let declared else {
            return accepted.format(of: finding.type) == nil
                ? .unknown(found: finding.type) : .matches(finding.type)
        }
        let name = MediaFormatTable.known.format(of: declared)?.mediaType ?? declared
        return finding.names.contains(name) ? .matches(name) : .contradicts(found: finding.type)
    }

    private func finding(in prefix: FilePrefix) -> ContentFinding {
        if prefix.count == 0 { return ContentFinding(.empty) }
        if let finding = FileSignature.finding(in: prefix) { return finding }
        if let file = ISOBaseMediaFile(prefix) { return file.finding }
        if let file = MatroskaFile(prefix) { return file.finding }
        guard let type = magic.mediaType(of: prefix.bytes), MediaFormatTable.known.format(of: type) == nil else {
            return .unrecognised
        }
        return ContentFinding(type)
    }
}
