import Foundation
import Testing

extension GatewayTests {
    /// A form whose pieces end in any place.
    @Suite(.gateway) struct CutForms {
        private static let boundary = "b0undary"

        /// A picture, and behind it whatever is nearly a boundary.
        private static func trap() async throws -> Data {
            let path = try Scratch.file("tiny.png")
            try await Command.succeed("convert", ["-size", "1x1", "xc:red", "-strip", path])
            let nearly = [
                "\r", "\r\n", "\r\n-", "\r\n--", "\r\n--b0undar", "\r\n--b0undaryX", "\r\r\n--b0und", "-b0undary",
            ]
            return try Scratch.bytes(path) + Data(nearly.joined(separator: "\r\n").utf8)
        }

        private static func form(_ file: Data, id: String) -> Data {
            func field(_ name: String, _ value: String) -> String {
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            }
            let head =
                field("fileId", id) + field("chunkIndex", "0") + field("totalChunks", "1")
                + "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
            return Data(head.utf8) + file + Data("\r\n--\(boundary)--\r\n".utf8)
        }

        /// Each chunk of the transfer coding is a piece of its own for whoever reads the form.
        private static func request(_ pieces: [Data], key: String) -> Data {
            let head =
                "POST /api/v1/media/chunks HTTP/1.1\r\nHost: a\r\nX-API-Key: \(key)\r\n"
                + "Content-Type: multipart/form-data; boundary=\(boundary)\r\nTransfer-Encoding: chunked\r\n\r\n"
            let chunks = pieces.filter { !$0.isEmpty }.map { piece in
                Data("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Data("\r\n".utf8)
            }
            return Data(head.utf8) + chunks.reduce(Data(), +) + Data("0\r\n\r\n".utf8)
        }

        @Test func `a boundary may be cut anywhere`() async throws {
            let gateway = try RunningGateway.shared
            let file = try await Self.trap()
            let length = Self.form(file, id: "cut-000").count
            // In and around whatever is a boundary, or nearly one.
            let mark = Data("--\(Self.boundary.prefix(5))".utf8)
            let marks = Self.places(of: mark, in: Self.form(file, id: "cut-000"))
            let cuts = (1..<length).filter { cut in marks.contains { ($0 - 3...$0 + 13).contains(cut) } }
            try #require(cuts.count > 60)
            let client = try gateway.conversation()
            for (number, cut) in cuts.enumerated() {
                let form = Self.form(file, id: "cut-\(String(1000 + number).suffix(3))")
                let pieces = [form.prefix(cut), form.dropFirst(cut)]
                try await expectTaken(pieces, file, "cut-\(String(1000 + number).suffix(3))", client, "cut at \(cut)")
            }
            let bytes = Self.form(file, id: "cut-all").map { Data([$0]) }
            try await expectTaken(bytes, file, "cut-all", client, "byte by byte")
        }

        private func expectTaken(
            _ pieces: [Data], _ file: Data, _ id: String, _ client: Conversation, _ what: String
        ) async throws {
            let gateway = try RunningGateway.shared
            try await client.send(Self.request(pieces, key: gateway.key))
            let answer = try #require(try await client.answer(), "\(what)")
            try #require(answer.status == 200, "\(what): \(answer.account)")
            #expect(try JSON(parsing: answer.body)["data"]["completed"] == true, "\(what)")
            try await client.send(
                "GET /api/v1/uploads/\(id) HTTP/1.1\r\nHost: a\r\nX-API-Key: \(gateway.key)\r\n\r\n")
            let status = try JSON(parsing: try #require(try await client.answer(), "\(what)").body)
            #expect(status["size"].integer == file.count, "\(what)")
            #expect(status["digest"]["crc32c"].string == Checksums.hex(Checksums.crc32c(file)), "\(what)")
        }

        private static func places(of mark: Data, in bytes: Data) -> [Int] {
            var places: [Int] = []
            var rest = bytes.startIndex..<bytes.endIndex
            while let found = bytes.range(of: mark, in: rest) {
                places.append(found.lowerBound)
                rest = found.lowerBound + 1..<bytes.endIndex
            }
            return places
        }
    }
}
