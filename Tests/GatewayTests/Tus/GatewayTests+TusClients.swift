import Foundation
import Testing

extension GatewayTests {
    /// tuspy, the client of the tus project for Python, with its resume file, through a door that breaks its connections.
    @Suite struct TusClients {
        /// Forwards connections, and breaks the first ten that bring bytes with a reset, each a little later than the one
        /// before. Then it tells where the upload is and what went through.
        private static let program = """
            import json, socket, struct, sys, threading
            from tusclient import client, exceptions
            from tusclient.storage import filestorage

            order = json.loads(sys.argv[1])
            gateway, door = ("127.0.0.1", order["gateway"]), ("127.0.0.1", order["door"])
            state = {"cuts": 0, "sent": 0, "urls": set()}
            lock = threading.Lock()

            def reset(*ends):
                for end in ends:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                    end.close()

            def back(outer, inner):
                try:
                    while data := inner.recv(65536):
                        outer.sendall(data)
                    outer.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

            def forward(outer):
                inner = socket.create_connection(gateway)
                threading.Thread(target=back, args=(outer, inner), daemon=True).start()
                left = None
                try:
                    data = outer.recv(65536)
                    if data.startswith(b"PATCH "):
                        with lock:
                            if state["cuts"] < order["cuts"]:
                                state["cuts"] += 1
                                left = order["step"] + state["cuts"] * 4099
                    while data:
                        if left is not None:
                            data = data[:left]
                            left -= len(data)
                        inner.sendall(data)
                        with lock:
                            state["sent"] += len(data)
                        if left == 0:
                            # What a reset finds under way is lost; what stands before an orderly end is not.
                            if state["cuts"] % 2:
                                inner.shutdown(socket.SHUT_WR)
                                return reset(outer)
                            return reset(outer, inner)
                        data = outer.recv(65536)
                    inner.shutdown(socket.SHUT_WR)
                except OSError:
                    reset(outer, inner)

            listener = socket.create_server(door)

            def listen():
                while True:
                    threading.Thread(target=forward, args=(listener.accept()[0],), daemon=True).start()

            threading.Thread(target=listen, daemon=True).start()

            def attempt():
                # As a program does that was started anew: all it knows stands in its resume file.
                storage = filestorage.FileStorage(order["resume"])
                tus = client.TusClient("http://127.0.0.1:%d/files/" % order["door"], headers={"X-API-Key": order["key"]})
                uploader = tus.uploader(
                    order["path"], chunk_size=order["chunk"], metadata=order["metadata"], store_url=True,
                    url_storage=storage, upload_checksum=order["checksum"])
                state["urls"].add(uploader.url)
                try:
                    uploader.upload()
                finally:
                    storage.close()
                state["offset"] = uploader.offset

            for _ in range(2 * order["cuts"]):
                try:
                    attempt()
                    break
                except exceptions.TusCommunicationError:
                    pass
            state["urls"] = sorted(filter(None, state["urls"]))
            sys.stdout.write(json.dumps(state))
            """

        /// - Parameters:
        ///   - chunkBytes: what one request is to bring; without breaks it brings the whole file in one.
        ///   - isChecked: with `Upload-Checksum`, where what breaks off counts for nothing.
        private func run(chunkBytes: Int, isChecked: Bool, isNamed: Bool) async throws {
            let sizeBytes = RunSettings.tusBytes(otherwise: 48 << 20)
            let path = try Samples.shared.film(sizeBytes: sizeBytes)
            let door = try RunningGateway.freePort()
            // So that the client comes through the door again with the URL that it was given.
            let gateway = try await RunningGateway.start(options: ["--public-url", "http://127.0.0.1:\(door)"])
            let metadata: JSON = isNamed ? ["filename": "film.mp4", "filetype": "video/mp4"] : [:]
            let order: JSON = [
                "gateway": .number(Double(gateway.port)), "door": .number(Double(door)), "key": .text(gateway.key),
                "path": .text(path), "chunk": .number(Double(chunkBytes)), "checksum": .flag(isChecked),
                "metadata": metadata, "cuts": 10, "step": .number(Double(min(chunkBytes, sizeBytes) / 12)),
                "resume": .text(gateway.folder + "/tuspy.json"),
            ]
            let said = try await Command.succeed(
                try DescribedCalls.tool("python"), ["-c", Self.program, try order.encoded])
            let end = try JSON(parsing: Data(said.utf8))
            #expect(end["cuts"] == 10)
            #expect(end["offset"].integer == sizeBytes)
            if !isChecked {
                // Resumed where they broke: ten beginnings from 0 would be five and a half times as much. Twice are only
                // the bytes that five resets found in sockets, up to half of the file on a slow machine.
                #expect(try #require(end["sent"].integer) < sizeBytes * 5 / 2)
            }
            #expect(end["urls"].entries.count == 1, "one upload, whose URL was kept")
            let url = try #require(end["urls"].entries.first?.string)
            let id = try #require(url.split(separator: "/").last.map(String.init))
            let status = try await gateway.status(id)
            #expect(status["state"] == "complete")
            #expect(status["contentType"] == "video/mp4")
            let accessURL = try #require(status["accessUrl"].string)
            let copy = try Scratch.file("copy")
            defer { Scratch.remove([copy]) }
            let read = try await Curl.run([accessURL.replacing(":\(door)/", with: ":\(gateway.port)/")], saving: copy)
            #expect(read.status == 200, "\(read.account)")
            try await Command.succeed("cmp", [path, copy])
            #expect(try await gateway.stop() == 0)
            try await gateway.expectSound()
        }

        @Test func `ten breaks in one request are resumed byte for byte`() async throws {
            // 1 GiB of memory at most: tuspy reads a chunk whole.
            try await run(chunkBytes: 1 << 30, isChecked: false, isNamed: true)
        }

        @Test func `ten breaks of checked requests too, and nothing is told of the file`() async throws {
            try await run(chunkBytes: 4 << 20, isChecked: true, isNamed: false)
        }
    }
}
