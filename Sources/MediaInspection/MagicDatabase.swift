import CMagic
import Synchronization
import UploadModel

/// libmagic, asked for the media type of bytes in memory.
///
/// One handle is loaded once and shared behind a lock, because a handle serves one thread at a time. A single one is
/// enough: it is asked only about bytes that no rule of this module knows, which are bytes about to be refused. An
/// answer about 1 KiB takes a quarter to one millisecond of the calling thread, plus the wait for those before it.
final class MagicDatabase: Sendable {
    private let handle: Mutex<MagicHandle>

    /// - Parameter path: a compiled database; `nil` for the one that the `MAGIC` environment variable names or that
    ///   was installed with the library.
    init(path: String? = nil) throws(InspectionStartFault) {
        handle = Mutex(try MagicHandle(path: path))
    }

    /// The type of `bytes`, or `nil` when libmagic has no answer that is a media type.
    func mediaType(of bytes: [UInt8]) -> MediaType? {
        handle.withLock { $0.mediaType(of: bytes) }
    }
}

/// An open, loaded handle; closed when let go.
private struct MagicHandle: ~Copyable {
    private let cookie: magic_t

    /// No unpacking, and none of the parsers for whole containers (ELF notes, OLE documents, JSON, CSV): the bytes are
    /// hostile, only the front of the file is here, and the signatures alone give a good enough name.
    private static let flags =
        MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_JSON
        | MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_APPTYPE

    /// Bounds on the work of one question; libmagic's own are made for files of a megabyte. Nesting levels and calls
    /// are counts, the last three are bytes.
    private static let parameters: [(name: Int32, value: Int)] = [
        (MAGIC_PARAM_INDIR_MAX, 8),
        (MAGIC_PARAM_NAME_MAX, 30),
        (MAGIC_PARAM_ELF_PHNUM_MAX, 16),
        (MAGIC_PARAM_ELF_SHNUM_MAX, 16),
        (MAGIC_PARAM_ELF_NOTES_MAX, 16),
        (MAGIC_PARAM_REGEX_MAX, 1024),
        (MAGIC_PARAM_BYTES_MAX, 4096),
        (MAGIC_PARAM_ENCODING_MAX, 4096),
    ]

    init(path: String?) throws(InspectionStartFault) {
        guard let cookie = magic_open(Self.flags) else {
            throw InspectionStartFault(detail: "libmagic could not be opened: out of memory")
        }
        for parameter in Self.parameters {
            var value = parameter.value
            guard magic_setparam(cookie, parameter.name, &value) == 0 else {
                magic_close(cookie)
                throw InspectionStartFault(detail: "libmagic \(magic_version()) knows no parameter \(parameter.name)")
            }
        }
        guard magic_load(cookie, path) == 0 else {
            let reason = magic_error(cookie).map { String(cString: $0) } ?? "no reason given"
            magic_close(cookie)
            throw InspectionStartFault(detail: "libmagic could not load \(path ?? "its database"): \(reason)")
        }
        self.cookie = cookie
    }

    deinit { magic_close(cookie) }

    /// The text that libmagic returns belongs to the handle, so it is copied before the lock is let go.
    func mediaType(of bytes: [UInt8]) -> MediaType? {
        bytes.withUnsafeBytes { magic_buffer(cookie, $0.baseAddress, $0.count) }
            .flatMap { MediaType(String(cString: $0)) }
    }
}

/// Why types cannot be told from bytes on this machine; the server does not start.
package struct InspectionStartFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What failed, in the library's words where it has some.
    package let detail: String

    package var description: String {
        "\(detail). Is the package libmagic-mgc installed, and is MAGIC unset or the path of a compiled database?"
    }
}
