import Foundation

/// Where files are measured.
enum Place: String, Codable, CaseIterable {
    case disk
    case memory
}

/// The folders of a run and what may be done with them.
enum Disk {
    static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    static func remove(_ path: String) {
        // A server that is just ending may remove files of its own below our feet; then it takes another go.
        for attempt in 1...5 {
            guard FileManager.default.fileExists(atPath: path) else { return }
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                if attempt == 5 { Log.say("\(path) is left behind: \(error)") }
                usleep(200_000)
            }
        }
    }

    static func removeContents(of folder: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    static func freeBytes(_ folder: String) throws -> Int64 {
        var information = statvfs()
        guard statvfs(folder, &information) == 0 else {
            throw BenchError("\(folder) cannot be looked at: \(String(cString: strerror(errno)))")
        }
        return Int64(information.f_bavail) * Int64(information.f_frsize)
    }

    /// Stops with a clear message before a workload that would fill the file system, or the memory behind it.
    static func require(_ bytes: Int64, in folder: String, at place: Place) throws {
        let reserve: Int64 = 2 << 30
        var free = try freeBytes(folder)
        if place == .memory { free = min(free, Machine.memory("MemAvailable:")) }
        guard free >= bytes + reserve else {
            throw BenchError(
                "\(folder) has \(free >> 20) MiB free, and \((bytes + reserve) >> 20) MiB are needed for this workload."
            )
        }
    }

    /// `sync -f`: returns when all that was written to the file system of this folder is on the device.
    static func sync(_ folder: String) throws -> Double {
        let start = ContinuousClock.now
        let child = try ChildProcess("sync", ["-f", folder], output: "/dev/null", errors: "/dev/null")
        let status = child.wait()
        guard status == 0 else { throw BenchError("sync -f \(folder) ended with status \(status).") }
        return start.elapsedSeconds
    }

    /// The sizes of all files in a folder and below.
    static func storedBytes(_ folder: String) -> Int64 {
        guard let found = FileManager.default.enumerator(atPath: folder) else { return 0 }
        var sum: Int64 = 0
        while let name = found.nextObject() as? String {
            var information = stat()
            guard lstat(folder + "/" + name, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
                continue
            }
            sum += Int64(information.st_size)
        }
        return sum
    }
}

extension ContinuousClock.Instant {
    var elapsedSeconds: Double {
        let elapsed = duration(to: .now).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
}

/// Says on stderr how far the run has come.
enum Log {
    static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
