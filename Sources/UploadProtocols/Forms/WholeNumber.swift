/// A whole number in a body. One that 64 bits do not hold is told like any other wrong type, with the
/// member's name, which the decoder leaves out.
struct WholeNumber: Decodable {
    let value: Int64

    init(from decoder: any Decoder) throws {
        guard let value = try? decoder.singleValueContainer().decode(Int64.self) else {
            throw DecodingError.typeMismatch(
                Int64.self, .init(codingPath: decoder.codingPath, debugDescription: "no whole number"))
        }
        self.value = value
    }
}
