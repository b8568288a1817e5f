package import Logging
package import MediaInspection
import NIOCore
import ServiceLifecycle
import Synchronization
package import UploadEngine
package import UploadModel
package import UploadStore

/// Looks into finished files, a few at a time, in child processes: facts of all, a copy of images.
///
/// What waits stands in the catalog, so nothing is forgotten by a restart; whoever needs an answer now goes first.
package final class ExaminationDesk: Service {
    private let engine: UploadEngine
    private let catalog: any ExaminationCatalog
    private let examiner: MediaExaminer
    private let isEnabled: Bool
    private let scratchFolder: String
    private let logger: Logger
    private let queue = Mutex(Queue())
    /// Rings when somebody waits for a file.
    private let bell = Bell()

    private struct Queue {
        /// In the order in which they asked.
        var urgent: [UploadRecord] = []
        var waiters: [FileID: [Waiter]] = [:]
        var running: Set<FileID> = []
        var lastWaiter = 0
    }

    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Examination?, Never>
    }

    /// Decoders that run at the same time; each may have its own memory limit.
    private static let workerCount = 2
    /// Between two looks for what nobody waits for.
    private static let idleInterval = Duration.milliseconds(500)
    private static let pauseAfterFault = Duration.seconds(10)

    /// - Parameters:
    ///   - engine: `store` must keep its objects as local files; of others nothing is found out.
    ///   - isEnabled: whether the desk is run; where it is not, what is pending stays so and nobody waits for it.
    ///   - scratchFolder: where copies are made before they are stored; only this desk uses it.
    package init(
        engine: UploadEngine, catalog: any ExaminationCatalog, examiner: MediaExaminer, isEnabled: Bool,
        scratchFolder: String, logger: Logger
    ) {
        self.engine = engine
        self.catalog = catalog
        self.examiner = examiner
        self.isEnabled = isEnabled
        self.scratchFolder = scratchFolder
        self.logger = logger
    }

    /// What was found out of a file, waiting for it if it has not been looked into; `nil` when nobody wants that, or
    /// the time is up: it is then done later.
    package func examination(of upload: UploadRecord, withinSeconds seconds: Int64) async throws(UploadFault)
        -> Examination?
    {
        let standing = try await read(upload.fileID)
        guard isEnabled, standing?.state == .pending else { return standing?.state == .pending ? nil : standing }
        return await withTaskGroup(of: Examination?.self) { group in
            group.addTask { await self.wait(for: upload) }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func read(_ file: FileID) async throws(UploadFault) -> Examination? {
        do throws(CatalogFault) {
            return try await catalog.examination(of: file)
        } catch {
            throw UploadFault(error)
        }
    }

    private func wait(for upload: UploadRecord) async -> Examination? {
        let number = queue.withLock { queue in
            queue.lastWaiter += 1
            return queue.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = queue.withLock { queue in
                    if Task.isCancelled { return true }
                    queue.waiters[upload.fileID, default: []].append(
                        Waiter(number: number, continuation: continuation))
                    queue.urgent.append(upload)
                    return false
                }
                if isCancelled { continuation.resume(returning: nil) } else { bell.ring() }
            }
        } onCancel: {
            let waiter = queue.withLock { queue -> Waiter? in
                guard let index = queue.waiters[upload.fileID]?.firstIndex(where: { $0.number == number }) else {
                    return nil
                }
                let waiter = queue.waiters[upload.fileID]?.remove(at: index)
                if queue.waiters[upload.fileID]?.isEmpty == true {
                    queue.waiters[upload.fileID] = nil
                    queue.urgent.removeAll { $0.fileID == upload.fileID }
                }
                return waiter
            }
            waiter?.continuation.resume(returning: nil)
        }
    }

    // MARK: Working

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for _ in 0..<Self.workerCount {
                    group.addTask { await self.work() }
                }
            }
        }
        // Nobody works any more: whoever still waits is told so.
        let waiters = queue.withLock { queue in
            defer { queue.waiters = [:] }
            return queue.waiters.values.flatMap { $0 }
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }

    private func work() async {
        var nextLook = ContinuousClock.now
        while !Task.isCancelled {
            let rings = bell.rings
            var upload = takeUrgent()
            if upload == nil, ContinuousClock.now >= nextLook {
                upload = await takePending()
                if upload == nil { nextLook = ContinuousClock.now + Self.idleInterval }
            }
            guard let upload else {
                await bell.wait(since: rings, atMost: Self.idleInterval)
                continue
            }
            let examination = await examine(upload)
            // Nothing came of it: what stands in the way may pass.
            if examination == nil { nextLook = ContinuousClock.now + Self.pauseAfterFault }
            let waiters = queue.withLock { queue in
                queue.running.remove(upload.fileID)
                return queue.waiters.removeValue(forKey: upload.fileID) ?? []
            }
            for waiter in waiters { waiter.continuation.resume(returning: examination) }
        }
    }

    private func takeUrgent() -> UploadRecord? {
        queue.withLock { queue in
            while !queue.urgent.isEmpty {
                let upload = queue.urgent.removeFirst()
                // Done meanwhile, given up by its waiter, or in another worker's hands.
                guard queue.waiters[upload.fileID]?.isEmpty == false else { continue }
                if queue.running.insert(upload.fileID).inserted { return upload }
            }
            return nil
        }
    }

    private func takePending() async -> UploadRecord? {
        do throws(CatalogFault) {
            let pending = try await catalog.pendingExaminations(limit: Self.workerCount + 1)
            return queue.withLock { queue in
                pending.first { queue.running.insert($0.fileID).inserted }
            }
        } catch {
            logger.warning("no files could be listed to look into", metadata: ["sluice.fault": "\(error.detail)"])
            return nil
        }
    }

    /// Answers what was recorded; `nil` when nothing could be.
    private func examine(_ upload: UploadRecord) async -> Examination? {
        guard let found = await look(into: upload) else { return nil }
        do throws(CatalogFault) {
            if try await catalog.record(found.examination) { return found.examination }
            // Somebody else was first, or the file is gone: a copy of ours is nobody's.
            if let copy = found.copy { await engine.withdraw(copy) }
            return try await catalog.examination(of: upload.fileID)
        } catch {
            logger.warning("facts could not be recorded", metadata: ["sluice.fault": "\(error.detail)"])
            return nil
        }
    }

    /// `nil` when it was broken off: the file waits for another turn.
    private func look(into upload: UploadRecord) async -> (examination: Examination, copy: UploadRecord?)? {
        var examination = Examination(fileID: upload.fileID, state: .done)
        guard let path = engine.localPath(of: upload) else {
            examination.state = .failed
            examination.message = "Files of this gateway's store cannot be looked into."
            return (examination, nil)
        }
        do throws(ExaminationFault) {
            examination.facts = try await examiner.facts(ofFileAt: path, type: upload.mediaType)
            guard let type = MediaExaminer.copyType(of: upload.mediaType) else { return (examination, nil) }
            let copy = try await makeCopy(of: upload, at: path, type: type)
            examination.copyID = copy.fileID
            return (examination, copy)
        } catch {
            guard !error.isPassing, !Task.isCancelled else {
                logger.info(
                    "a file could not be looked into now",
                    metadata: ["sluice.file": "\(upload.fileID)", "sluice.fault": "\(error.cause ?? error.message)"])
                return nil
            }
            examination.state = .failed
            examination.message = error.message
            logger.info(
                "a file could not be looked into",
                metadata: [
                    "sluice.file": "\(upload.fileID)", "sluice.type": "\(upload.mediaType)",
                    "sluice.fault": "\(error.cause ?? error.message)",
                ])
            return (examination, nil)
        }
    }

    // MARK: Copies

    private func makeCopy(of upload: UploadRecord, at path: String, type: MediaType) async throws(ExaminationFault)
        -> UploadRecord
    {
        let fileExtension = MediaFormatTable.known.format(of: type)?.extensions[0] ?? "jpg"
        let output = "\(scratchFolder)/\(ObjectKey.random()).\(fileExtension)"
        let file = ScratchFile(path: output)
        do throws(ExaminationFault) {
            _ = try await examiner.copy(ofFileAt: path, type: upload.mediaType, to: output)
            let copy = try await store(
                file, as: CopyName.of(upload.servedName, fileExtension: fileExtension), type: type, of: upload)
            await file.remove()
            return copy
        } catch {
            await file.remove()
            throw error
        }
    }

    private func store(_ file: ScratchFile, as name: FileName, type: MediaType, of original: UploadRecord)
        async throws(ExaminationFault) -> UploadRecord
    {
        do throws(UploadFault) {
            let stream = try await engine.openDirect(
                tenant: original.tenant, fileName: name, declaredType: type, originalID: original.fileID,
                limitBytes: nil)
            do throws(UploadFault) {
                try await file.read { bytes throws(UploadFault) in try await stream.receive(bytes) }
            } catch {
                await stream.abandon()
                throw error
            }
            return try await stream.finish(expecting: [:]).upload
        } catch {
            throw ExaminationFault(
                error.isPassing ? .cancelled : .failed, "The copy could not be stored.",
                cause: error.cause ?? error.detail)
        }
    }
}

extension ExaminationFault {
    /// Whether the file is not to blame, so that another look may find more.
    fileprivate var isPassing: Bool { code == .cancelled || code == .toolMissing }
}
