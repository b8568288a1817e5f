import UploadModel
import UploadStore

extension CatalogConformance {
    static let examinations: [Check] = [
        Check("a file waits for its examination only when that is wanted, the oldest first", wantsExamination),
        Check("what was found out is recorded once and found again", recordsExamination),
        Check("of 100 that record an examination at once one does", examinationRace),
        Check("nothing is recorded of a file that ended, or with a copy that is not complete", recordsOnlyComplete),
        Check("copies that nothing names are ended, and no other", endsStrayCopies),
    ]

    private static let facts = MediaFacts(
        widthPixels: 3840, heightPixels: 2160, durationMilliseconds: 1 << 40, videoCodec: "hevc",
        audioCodec: "aac", framesPerThousandSeconds: 29_970)

    private static func wantsExamination(_ open: Open) async throws {
        let catalog = try await open()
        try requireEqual(await catalog.pendingExaminations(limit: 9), [])
        let third = try await catalog.addFile(completedAt: 30, wantsExamination: true)
        let first = try await catalog.addFile(completedAt: 10, wantsExamination: true)
        let unwanted = try await catalog.addFile(completedAt: 5)
        let second = try await catalog.addFile(completedAt: 20, wantsExamination: true)
        try requireEqual(await catalog.pendingExaminations(limit: 9), [first, second, third])
        try requireEqual(await catalog.pendingExaminations(limit: 2), [first, second])
        try requireEqual(await catalog.pendingExaminations(limit: 0), [])
        let pending = Examination(fileID: first.fileID, state: .pending)
        try requireEqual(await catalog.examination(of: first.fileID), pending)
        for file in [unwanted.fileID, .random()] { try requireEqual(await catalog.examination(of: file), nil) }
        // A completion that did not hold wants nothing.
        var completion = Sample.completion()
        completion.wantsExamination = true
        _ = try await catalog.complete(unwanted.fileID, with: completion, announcing: [])
        try requireEqual(await catalog.examination(of: unwanted.fileID), nil)
        try requireEqual(
            await catalog.examinations(of: [first.fileID, unwanted.fileID, .random(), first.fileID]),
            [first.fileID: pending])
        try requireEqual(await catalog.examinations(of: []), [:])
        // A file that ended waits for nothing.
        _ = try await catalog.withdraw(first.fileID, now: Sample.start, announcing: []).requireDone()
        try requireEqual(await catalog.examination(of: first.fileID), nil)
        try requireEqual(await catalog.pendingExaminations(limit: 2), [second, third])
    }

    private static func recordsExamination(_ open: Open) async throws {
        let catalog = try await open()
        var found: [FileID: Examination] = [:]
        for number in 0..<4 {
            let file = try await catalog.addFile(completedAt: Int64(number), wantsExamination: true)
            let copy = number == 0 ? try await catalog.addCopy(of: file) : nil
            let states: [ExaminationState] = [.done, .failed]
            let examination = Examination(
                fileID: file.fileID, state: states[number % 2], facts: number < 2 ? facts : MediaFacts(),
                copyID: copy?.fileID, message: number > 1 ? "née' OR 1=1 --" : nil)
            try requireEqual(await catalog.record(examination), true)
            try requireEqual(await catalog.examination(of: file.fileID), examination)
            for state in ExaminationState.allCases {
                let late = Examination(fileID: file.fileID, state: state, message: "late")
                try requireEqual(await catalog.record(late), false)
            }
            found[file.fileID] = examination
        }
        try requireEqual(await catalog.examinations(of: Array(found.keys)), found)
        try requireEqual(await catalog.pendingExaminations(limit: 9), [])
    }

    private static func examinationRace(_ open: Open) async throws {
        let nodes = [try await open(), try await open()]
        let file = try await nodes[0].addFile(completedAt: 1, wantsExamination: true)
        let found = (0..<100).map { number in
            Examination(
                fileID: file.fileID, state: number % 2 == 0 ? .done : .failed,
                facts: MediaFacts(widthPixels: number))
        }
        let outcomes = try await concurrently(100) { try await nodes[$0 % 2].record(found[$0]) }
        try requireEqual(outcomes.count { $0 }, 1, "examinations that were recorded")
        let winner = try unwrap(outcomes.firstIndex(of: true))
        try requireEqual(await nodes[1].examination(of: file.fileID), found[winner])
    }

    private static func recordsOnlyComplete(_ open: Open) async throws {
        let catalog = try await open()
        let file = try await catalog.addFile(completedAt: 1, wantsExamination: true)
        let pending = Examination(fileID: file.fileID, state: .pending)
        var copies: [FileID] = [.random()]
        for state in UploadState.allCases where state != .complete {
            copies.append(try await catalog.add(state).fileID)
        }
        for copy in copies {
            let examination = Examination(fileID: file.fileID, state: .done, facts: facts, copyID: copy)
            try requireEqual(await catalog.record(examination), false)
            try requireEqual(await catalog.examination(of: file.fileID), pending)
        }
        try requireEqual(await catalog.pendingExaminations(limit: 9), [file])
        let copy = try await catalog.addCopy(of: file)
        let examination = Examination(fileID: file.fileID, state: .done, facts: facts, copyID: copy.fileID)
        let unwanted = try await catalog.addFile(completedAt: 1)
        for other in [unwanted.fileID, .random()] {
            try requireEqual(await catalog.record(Examination(fileID: other, state: .done, facts: facts)), false)
            try requireEqual(await catalog.examination(of: other), nil)
        }
        // The file was deleted while somebody looked at it; the copy went with it.
        _ = try await catalog.delete(
            file.fileID, of: file.tenant, items: [], now: Sample.start, announcing: []
        ).requireDone()
        try requireEqual(await catalog.record(examination), false)
        try requireEqual(await catalog.examination(of: file.fileID), nil)
        try requireEqual(try await catalog.standing(copy).state, .aborted)
    }

    private static func endsStrayCopies(_ open: Open) async throws {
        let catalog = try await open()
        let now = Sample.start.adding(seconds: 500)
        let file = try await catalog.addFile(completedAt: 1, wantsExamination: true)
        let named = try await catalog.addCopy(of: file, at: 10)
        let stray = [try await catalog.addCopy(of: file, at: 10), try await catalog.addCopy(of: file, at: 20)]
        let young = try await catalog.addCopy(of: file, at: 30)
        // Its original was deleted, and forgotten, while the copy was made.
        let gone = try await catalog.add(.aborted)
        let orphan = try await catalog.addCopy(of: gone, at: 10)
        try requireEqual(await catalog.forgetEnded(before: now, limit: 9), 1)
        var open = try Sample.upload()
        open.originalID = file.fileID
        try await catalog.add(open)
        let plain = try await catalog.addFile(completedAt: 10)
        try requireEqual(
            await catalog.record(Examination(fileID: file.fileID, state: .done, copyID: named.fileID)), true)
        let moment = Sample.start.adding(seconds: 30)
        try requireEqual(await catalog.endStrayCopies(completedBefore: moment, now: now), 3)
        try requireEqual(await catalog.endStrayCopies(completedBefore: moment, now: now), 0)
        for upload in [file, named, young, open, plain] {
            try requireEqual(try await catalog.standing(upload), upload)
        }
        for copy in stray + [orphan] {
            var ended = copy
            ended.state = .aborted
            ended.receivedBytes = 0
            try requireEqual(try await catalog.standing(copy), ended)
        }
        try requireEqual(await catalog.forgetEnded(before: now, limit: 9), 0)
        try requireEqual(await catalog.forgetEnded(before: now.adding(seconds: 1), limit: 9), 3)
    }
}
