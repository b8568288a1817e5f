import Testing
import UploadModel

@testable import MediaInspection

@Suite struct MagicDatabaseTests {
    @Test func `a database that is not there stops the start and says what to install`() {
        let fault = #expect(throws: InspectionStartFault.self) {
            try ContentInspector(accepting: .known, magicDatabase: "/nonexistent/magic.mgc")
        }
        #expect(fault?.description.contains("/nonexistent/magic.mgc") == true, "\(String(describing: fault))")
        #expect(fault?.description.contains("libmagic-mgc") == true)
    }

    @Test func `many ask at once`() async throws {
        let database = try MagicDatabase()
        let questions: [(bytes: [UInt8], answer: MediaType)] = [
            (Array("<!DOCTYPE html><html><body>words</body></html>".utf8), type("text/html")),
            (Array("%PDF-1.4\n1 0 obj\n".utf8), type("application/pdf")),
            (Array("#!/bin/sh\nexit 0\n".utf8), type("text/x-shellscript")),
        ]
        let wrong = await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<60).count { turn in
                        let question = questions[(task + turn) % questions.count]
                        return database.mediaType(of: question.bytes) != question.answer
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }
}
