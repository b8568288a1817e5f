import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A real, small file system of its own, that can be filled up and fall ill.
final class SmallDisk: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        /// In a file, behind a loop device.
        case ext4
        /// In memory.
        case tmpfs
    }

    /// Where it is mounted.
    let folder: String
    private let kind: Kind
    private let image: String

    private init(folder: String, kind: Kind, image: String) {
        self.folder = folder
        self.kind = kind
        self.image = image
    }

    /// Whether this machine lets us: it takes root, and for ext4 a loop device.
    static func canBeMade(_ kinds: Kind...) async -> Bool {
        guard geteuid() == 0 else { return false }
        for kind in kinds {
            guard let disk = try? await make(kind, mebibytes: 8) else { return false }
            await disk.remove()
        }
        return true
    }

    static func with(
        _ kind: Kind, mebibytes: Int, _ body: (SmallDisk) async throws -> Void
    ) async throws {
        let disk = try await make(kind, mebibytes: mebibytes)
        do {
            try await body(disk)
        } catch {
            await disk.remove()
            throw error
        }
        await disk.remove()
    }

    private static func make(_ kind: Kind, mebibytes: Int) async throws -> SmallDisk {
        let folder = try Scratch.newFolder("disk")
        let image = try Scratch.file("image")
        let disk = SmallDisk(folder: folder, kind: kind, image: image)
        switch kind {
        case .ext4:
            try await Command.succeed("truncate", ["-s", "\(mebibytes)M", image])
            try await Command.succeed("mkfs.ext4", ["-q", "-F", "-m", "0", image])
            try await disk.mount()
        case .tmpfs:
            try await Command.succeed("mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m", "none", folder])
        }
        return disk
    }

    private func mount() async throws {
        try await Command.succeed("mount", ["-o", "loop,errors=remount-ro", image, folder])
    }

    private func remove() async {
        // What is still busy goes when it no longer is.
        _ = try? await Command.run("umount", ["-l", folder])
        Scratch.remove([folder, image])
    }

    // MARK: What happens to it

    private var others: String { "\(folder)/of-somebody-else" }

    /// Somebody else takes all the room that is left.
    func fill() async throws {
        let result = try await Command.run("dd", ["if=/dev/zero", "of=\(others)", "bs=4k"])
        guard result.errors.contains("No space left") else { throw Trouble("the disk is not full: \(result.errors)") }
    }

    /// Somebody else makes room.
    func empty() { Scratch.remove([others]) }

    /// The kernel finds an error in the file system, and allows no further change.
    func fallIll() async throws {
        let loops = try await Command.succeed("losetup", ["-j", image])
        guard kind == .ext4, let device = loops.split(separator: ":").first?.split(separator: "/").last else {
            throw Trouble("no loop device of \(image): \(loops)")
        }
        try Data("by a test\n".utf8).write(to: URL(fileURLWithPath: "/sys/fs/ext4/\(device)/trigger_fs_error"))
    }

    /// An operator repairs it and mounts it again.
    func heal() async throws {
        try await Command.succeed("umount", [folder])
        let check = try await Command.run("e2fsck", ["-f", "-y", image])
        // 1: errors were corrected.
        guard check.exitCode <= 1 else { throw Trouble("e2fsck: \(check.output) \(check.errors)") }
        try await mount()
    }
}
