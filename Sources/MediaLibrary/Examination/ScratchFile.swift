import NIOCore
import NIOPosix
import UploadModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A small file that a child process wrote, until its bytes are stored.
struct ScratchFile: Sendable {
    let path: String

    private static let sliceBytes = 1 << 20

    /// Hands the bytes on, slice by slice. Its writer's limits bound the file.
    func read(_ body: (ByteBuffer) async throws(UploadFault) -> Void) async throws(UploadFault) {
        let path = path
        let data: Data
        do {
            data = try await NIOThreadPool.singleton.runIfActive { try Data(contentsOf: URL(filePath: path)) }
        } catch {
            throw UploadFault(.internalError, "A file could not be read back.", cause: "\(error)")
        }
        var rest = data[...]
        while !rest.isEmpty {
            try await body(ByteBuffer(bytes: rest.prefix(Self.sliceBytes)))
            rest = rest.dropFirst(Self.sliceBytes)
        }
    }

    /// Removes the file if it is there.
    func remove() async {
        let path = path
        // What cannot be removed now goes when the folder is emptied at the next start.
        try? await NIOThreadPool.singleton.runIfActive { try FileManager.default.removeItem(atPath: path) }
    }
}

/// What copies are called.
enum CopyName {
    /// `photo.png` becomes `photo_1080x1080.png`, or `.jpg` where the copy has another type.
    static func of(_ original: FileName, fileExtension: String) -> FileName {
        var stem = original.text
        if let dot = stem.lastIndex(of: "."), dot != stem.startIndex { stem = String(stem[..<dot]) }
        let ending = "_1080x1080." + fileExtension
        while stem.utf8.count + ending.utf8.count > FileName.maximumBytes { stem.removeLast() }
        return FileName(stem + ending) ?? original
    }
}
