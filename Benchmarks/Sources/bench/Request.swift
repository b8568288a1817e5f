import Foundation

/// A request as the generator reads it: one line of a file.
struct Request {
    enum Body {
        case none
        /// So many bytes that begin as an MP4 file does.
        case generated(Int64)
    }

    let method: String
    let target: String
    var body = Body.none
    var headers: [(name: String, value: String)] = []

    var line: String {
        let body =
            switch body {
            case .none: "-"
            case .generated(let byteCount): "bytes:\(byteCount)"
            }
        return ([method, target, body] + headers.map { "\($0.name): \($0.value)" }).joined(separator: "\t")
    }
}

/// What a server is asked to take in.
struct Transfer {
    enum Shape {
        case files
        /// Parts of one upload for the gateway; peers have nothing like it and get a file for each.
        case parts
    }

    let shape: Shape
    let count: Int
    /// Of one file or part.
    let bytes: Int64
    let connections: Int
    /// Each connection sends at most this, in bytes per second.
    var rate: Int?

    var totalBytes: Int64 { Int64(count) * bytes }
}

/// A transfer made ready for one server: all that comes before the clock is done.
struct Job {
    var requests: [Request]
    /// The call that ends it.
    var finish: (() throws -> Void)?
}
