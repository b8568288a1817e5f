extension GatewayTests.Isolation {
    /// Routes of Resumable Uploads, called by a stranger.
    static let resumableRows: [Row] =
        [
            Row("POST /api/v1/grants", .nothingOfTheirs) { _ in
                ("/api/v1/grants", json(#"{"protocol":"resumable","fileName":"a.mp4"}"#))
            },
            Row("OPTIONS /uploads", .open) { _ in ("/uploads/", []) },
            Row("POST /uploads", .nothingOfTheirs) {
                ("/uploads/?fileName=a.mp4", ["-H", "Content-Type: video/mp4", "--data-binary", "@\($0.mp4)"])
            },
            Row("PUT /uploads", .nothingOfTheirs) {
                // curl would put the file's own name behind a slash.
                ("/uploads?fileName=a.mp4", ["-H", "Content-Type: video/mp4", "-T", $0.mp4])
            },
            Row("GET /uploads/{}", .notThere) { ($0.resumable, []) },
            Row("PATCH /uploads/{}", .notThere) {
                let fields = ["Content-Type: application/partial-upload", "Upload-Offset: 0", "Upload-Complete: ?1"]
                return ($0.resumable, fields.flatMap { ["-H", $0] } + ["--data-binary", "@\($0.piece)"])
            },
            Row("DELETE /uploads/{}", .notThere) { ($0.resumable, []) },
        ]
        + ["HEAD", "OPTIONS"].map { method in
            Row("\(method) /upload/{}/{}", .noRight) { (path(of: $0.upload.uploadURL).dropLast() + "!", []) }
        }
        + ["PUT", "POST", "HEAD", "OPTIONS"].map { method in
            Row("\(method) /uploads/{}/{}", .noRight) { theirs in
                let file = method.hasPrefix("P") ? ["-H", "Content-Type: video/mp4", "-T", theirs.mp4] : []
                return (theirs.forged, file)
            }
        }
}
