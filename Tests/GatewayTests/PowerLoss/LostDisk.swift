import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder as a power cut may leave it: what was synced is there, and of everything else what chance left.
///
/// Bytes are safe when a sync of their file began after they were written and ended before the cut; a name, when such a
/// sync was one of its folder. No order among the others is promised, and a write may be torn between blocks. A rename
/// never loses both names, unless its old folder alone was synced. What a failed sync was to save may be lost for good:
/// a later sync that succeeds does not bring it back.
struct LostDisk {
    enum Keeping: String, CaseIterable {
        /// Nothing but what was synced.
        case nothing
        /// Names, but no bytes.
        case names
        /// Bytes, but no names.
        case bytes
        /// Of either what chance leaves.
        case some
    }

    fileprivate final class Node {
        let isFolder: Bool
        var changes: [Change] = []
        /// Of a folder, as the gateway sees them.
        var names: [String: Node] = [:]

        init(isFolder: Bool) { self.isFolder = isFolder }
    }

    fileprivate final class Change {
        enum What {
            case bytes(at: Int64, Range<Int>)
            case size(Int64)
            case atLeast(Int64)
            case added(String, Node)
            /// The new name, where it was a rename.
            case removed(String, Change?)
            case moved(String, to: String, Node)
        }

        enum State { case open, safe, lost }

        let what: What
        var state = State.open
        /// What chance said.
        private var isKept: Bool?

        init(_ what: What) { self.what = what }

        func survives(_ keeping: Keeping, _ random: inout SeededRandom) -> Bool {
            if let isKept { return isKept }
            var isKept = state == .safe
            if !isKept {
                switch (keeping, what) {
                case (.nothing, _), (.names, .bytes), (.names, .size), (.names, .atLeast): isKept = false
                case (.bytes, .bytes), (.bytes, .size), (.bytes, .atLeast): isKept = true
                case (.bytes, _): isKept = false
                case (.names, .removed(_, let other)): isKept = other?.survives(keeping, &random) ?? true
                case (.names, _): isKept = true
                case (.some, .removed(_, let other?)):
                    isKept = other.survives(keeping, &random) && Bool.random(using: &random)
                case (.some, _): isKept = Bool.random(using: &random)
                }
            }
            self.isKept = isKept
            return isKept
        }
    }

    private let log: DiskLog
    private let root = Node(isFolder: true)
    private let keeping: Keeping
    private var random: SeededRandom
    private var handles: [UInt64: Node] = [:]
    private var syncs: [UInt64: [Int64: Int]] = [:]

    /// - Parameter cut: a place in the log; what stands before it has happened.
    init(_ log: DiskLog, cutAt cut: Int, keeping: Keeping, seed: UInt64) throws {
        self.log = log
        self.keeping = keeping
        random = SeededRandom(seed: seed)
        for record in log.records {
            guard record.end <= cut else { break }
            try follow(record)
        }
    }

    // MARK: What happened

    private mutating func follow(_ record: DiskLog.Record) throws {
        switch record.kind {
        case .opened: try opened(record)
        case .written: change(record, .bytes(at: record.offset, record.data))
        case .sized: change(record, .size(record.offset))
        case .reserved: change(record, .atLeast(record.offset))
        case .syncBegun: syncs[record.handle, default: [:]][record.offset] = handles[record.handle]?.changes.count
        case .synced: settle(record, as: .safe)
        case .syncFailed: settle(record, as: .lost)
        case .renamed: try renamed(record)
        case .folderMade: try add(Node(isFolder: true), record.path)
        case .removed, .folderRemoved:
            let (folder, name) = try place(record.path)
            folder.names[name] = nil
            folder.changes.append(Change(.removed(name, nil)))
        case .answered: break
        }
    }

    private mutating func opened(_ record: DiskLog.Record) throws {
        var node = record.path.isEmpty ? root : try? find(record.path)
        if node == nil, record.flags & O_CREAT != 0 {
            let file = Node(isFolder: false)
            try add(file, record.path)
            node = file
        }
        handles[record.handle] = node
        if record.flags & O_TRUNC != 0 { change(record, .size(0)) }
    }

    private func change(_ record: DiskLog.Record, _ what: Change.What) {
        handles[record.handle]?.changes.append(Change(what))
    }

    private mutating func settle(_ record: DiskLog.Record, as state: Change.State) {
        guard let node = handles[record.handle], let count = syncs[record.handle]?[record.offset] else { return }
        for change in node.changes[..<count] where change.state == .open { change.state = state }
    }

    private func renamed(_ record: DiskLog.Record) throws {
        let (from, old) = try place(record.path)
        let (to, new) = try place(record.otherPath)
        guard let node = from.names[old] else { throw Trouble("\(record.path) was renamed and never made") }
        // Two names of one file stay two.
        if to.names[new] === node { return }
        from.names[old] = nil
        to.names[new] = node
        if from === to {
            from.changes.append(Change(.moved(old, to: new, node)))
        } else {
            let added = Change(.added(new, node))
            to.changes.append(added)
            from.changes.append(Change(.removed(old, added)))
        }
    }

    private func add(_ node: Node, _ path: String) throws {
        let (folder, name) = try place(path)
        folder.names[name] = node
        folder.changes.append(Change(.added(name, node)))
    }

    private func place(_ path: String) throws -> (folder: Node, name: String) {
        guard let slash = path.lastIndex(of: "/") else { throw Trouble("\(path) is no path below the folder") }
        return (try find(String(path[..<slash])), String(path[path.index(after: slash)...]))
    }

    private func find(_ path: String) throws -> Node {
        var node = root
        for name in path.split(separator: "/") {
            guard let next = node.names[String(name)] else { throw Trouble("\(path) was never made") }
            node = next
        }
        return node
    }

    // MARK: What is left

    /// Writes what is left into an empty folder.
    mutating func write(to folder: String) throws {
        var written: [ObjectIdentifier: String] = [:]
        try write(root, to: folder, &written)
    }

    private mutating func write(_ node: Node, to path: String, _ written: inout [ObjectIdentifier: String]) throws {
        guard node.isFolder else { return try writeFile(node, to: path) }
        var names: [String: Node] = [:]
        for change in node.changes where change.survives(keeping, &random) {
            switch change.what {
            case .added(let name, let node): names[name] = node
            case .removed(let name, _): names[name] = nil
            case .moved(let name, let new, let node):
                names[name] = nil
                names[new] = node
            case .bytes, .size, .atLeast: break
            }
        }
        for (name, child) in names.sorted(by: { $0.key < $1.key }) {
            let place = "\(path)/\(name)"
            if let other = written[ObjectIdentifier(child)], !child.isFolder {
                try FileManager.default.linkItem(atPath: other, toPath: place)
                continue
            }
            written[ObjectIdentifier(child)] = place
            if child.isFolder {
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            }
            try write(child, to: place, &written)
        }
    }

    private mutating func writeFile(_ node: Node, to path: String) throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Trouble("\(path) cannot be made") }
        defer { close(file) }
        for change in node.changes where change.survives(keeping, &random) {
            switch change.what {
            case .size(let size): _ = ftruncate(file, off_t(size))
            case .atLeast(let size):
                if lseek(file, 0, SEEK_END) < size { _ = ftruncate(file, off_t(size)) }
            case .bytes(let offset, let range):
                let isTorn = change.state != .safe && keeping == .some && Bool.random(using: &random)
                for piece in isTorn ? torn(range, at: offset) : [range] {
                    try put(piece, at: offset + Int64(piece.lowerBound - range.lowerBound), of: file)
                }
            case .added, .removed, .moved: break
            }
        }
    }

    /// Some of the blocks of a write.
    private mutating func torn(_ range: Range<Int>, at offset: Int64) -> [Range<Int>] {
        let block = Bool.random(using: &random) ? 512 : 4096
        var pieces: [Range<Int>] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let place = Int(offset) + start - range.lowerBound
            let end = min(range.upperBound, start + block - place % block)
            if Bool.random(using: &random) { pieces.append(start..<end) }
            start = end
        }
        return pieces
    }

    private func put(_ range: Range<Int>, at offset: Int64, of file: CInt) throws {
        let count = log.bytes.withUnsafeBytes { bytes in
            pwrite(file, UnsafeRawBufferPointer(rebasing: bytes[range]).baseAddress, range.count, off_t(offset))
        }
        guard count == range.count || range.isEmpty else { throw Trouble("the state cannot be written") }
    }
}
