/// Where a piece goes: its number among the parts (from 1) and its first byte.
package struct PiecePlace: Hashable, Sendable {
    package let number: Int
    package let start: Int64

    package init(number: Int, start: Int64) {
        self.number = number
        self.start = start
    }
}

/// What is known of a piece's length before it comes, in bytes.
package enum PieceSizing: Hashable, Sendable {
    case exactly(Int64)
    case atMost(Int64)
}
