import Foundation
import Testing

@testable import UploadModel

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1, "1970-01-01T00:00:00.001Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_707_818_400_000, "2024-02-13T10:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-2_208_988_800_000, "1900-01-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_162_035_200_001, "0000-02-29T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func `printed and read`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        arguments: [
            ("2024-02-13T10:00:00Z", 1_707_818_400_000),
            ("2024-02-13t10:00:00z", 1_707_818_400_000),
            ("2024-02-13 10:00:00Z", 1_707_818_400_000),
            ("2024-02-13T10:00:00.5Z", 1_707_818_400_500),
            ("2024-02-13T10:00:00.05Z", 1_707_818_400_050),
            ("2024-02-13T10:00:00.1239999999999999999999999999Z", 1_707_818_400_123),
            ("2024-02-13T12:00:00+02:00", 1_707_818_400_000),
            ("2024-02-13T04:30:00-05:30", 1_707_818_400_000),
            ("2024-02-13T10:00:00-00:00", 1_707_818_400_000),
            ("2024-02-14T09:59:00+23:59", 1_707_818_400_000),
            // A leap second is the first moment of the next minute.
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] as [(String, Int64)])
    func `other spellings are read`(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", " ", "2024", "2024-02-13", "2024-02-13T10:00:00", "2024-02-13T10:00:00.Z", "2024-02-13T10:00:00.5",
        "2024-02-30T10:00:00Z", "2023-02-29T10:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2024-00-13T10:00:00Z", "2024-13-13T10:00:00Z", "2024-02-00T10:00:00Z", "2024-04-31T10:00:00Z",
        "2024-02-13T24:00:00Z", "2024-02-13T10:60:00Z", "2024-02-13T10:00:61Z", "2024-02-13T10:00:00+24:00",
        "2024-02-13T10:00:00+02:60", "2024-02-13T10:00:00+2:00", "2024-02-13T10:00:00Zx", " 2024-02-13T10:00:00Z",
        "2024-02-13T10:00:00Z ", "2024-2-13T10:00:00Z", "02024-02-13T10:00:00Z", "-024-02-13T10:00:00Z",
        "+2024-02-13T10:00:00Z", "2024-02-13_10:00:00Z", "2024-02-13T10:00:00 Z", "2024-02-13T10:00:00+",
        "2024-02-13T10:00:00UTC", "Tue, 13 Feb 2024 10:00:00 GMT", "1707818400", "2024-02-13T10-00-00Z",
        "２０２４-02-13T10:00:00Z", "2024-02-13T10:00:0\u{301}0Z", "2024-02-13T10:00:00\0Z",
    ])
    func `what is no moment is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    /// Against Foundation, over all years that RFC 3339 can write.
    @Test(arguments: [1, 0x71AE_0001, 0x71AE_0002, UInt64.max])
    func `random moments`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        // Foundation's calendar is Julian before October 1582; ours is not.
        let first: Int64 = -12_200_000_000_000
        for round in 0..<1500 {
            let note = "seed \(seed), round \(round)"
            let moment = Timestamp(milliseconds: Int64.random(in: first...253_402_300_799_999, using: &random))
            #expect(Timestamp(rfc3339: moment.description) == moment, "\(note)")

            // Half a millisecond more, so that no rounding of a double can fall to the one before.
            let date = Date(timeIntervalSince1970: (Double(moment.milliseconds) + 0.5) / 1000)
            let fields = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second, .weekday], from: date)
            let civil = moment.civil
            #expect(fields.year.map(Int64.init) == civil.year, "\(note)")
            #expect(fields.month.map(Int64.init) == civil.month, "\(note)")
            #expect(fields.day.map(Int64.init) == civil.day, "\(note)")
            #expect(fields.hour.map(Int64.init) == civil.hour, "\(note)")
            #expect(fields.minute.map(Int64.init) == civil.minute, "\(note)")
            #expect(fields.second.map(Int64.init) == civil.second, "\(note)")
            #expect(fields.weekday.map { Int64($0) - 1 } == civil.weekday, "\(note)")

            let second = Timestamp(milliseconds: moment.milliseconds - civil.millisecond)
            let text = Date(timeIntervalSince1970: Double(second.milliseconds) / 1000).formatted(style)
            #expect(second.description == text, "\(note)")
            #expect(Timestamp(rfc3339: text) == second, "\(note)")
        }
    }

    @Test(arguments: [5, 0x201E_0001])
    func `random zones`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<1500 {
            let moment = Timestamp(milliseconds: Int64.random(in: 0...4_102_444_800_000, using: &random))
            let minutes = Int64.random(in: -1439...1439, using: &random)
            let local = Timestamp(milliseconds: moment.milliseconds + minutes * 60_000).description.dropLast()
            let hours = String(100 + abs(minutes) / 60).dropFirst()
            let rest = String(100 + abs(minutes) % 60).dropFirst()
            let text = "\(local)\(minutes < 0 ? "-" : "+")\(hours):\(rest)"
            #expect(Timestamp(rfc3339: text) == moment, "seed \(seed), round \(round), \(text)")
        }
    }

    /// Each day of 800 years follows the one before, through every leap rule.
    @Test func `days follow each other`() {
        let day: Int64 = 86_400_000
        var before = Timestamp(milliseconds: -135_141 * day).civil
        #expect(before.year == 1599 && before.month == 12 && before.day == 31)
        for number in -135_140...157_054 {
            let civil = Timestamp(milliseconds: Int64(number) * day).civil
            let isNext =
                civil.day == before.day + 1 && civil.month == before.month && civil.year == before.year
                || civil.day == 1 && civil.month == before.month + 1 && civil.year == before.year && before.day >= 28
                || civil.day == 1 && civil.month == 1 && civil.year == before.year + 1 && before.month == 12
                    && before.day == 31
            if !isNext || civil.weekday != (before.weekday + 1) % 7 {
                Issue.record("after \(before) comes \(civil)")
                return
            }
            before = civil
        }
        #expect(before.year == 2400 && before.month == 1 && before.day == 1)
    }

    @Test(
        arguments: [
            (0, 1, 1000),
            (0, -1, -1000),
            (500, 0, 500),
            (0, .max, .max),
            (0, .min, .min),
            (.max - 999, 1, .max),
            (.max - 1000, 1, .max),
            (.min + 999, -1, .min),
            (.max, -1, .max - 1000),
            (-1, Int64.max / 1000, Int64.max / 1000 * 1000 - 1),
        ] as [(Int64, Int64, Int64)])
    func `adding seconds stops at the ends`(milliseconds: Int64, seconds: Int64, sum: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).adding(seconds: seconds).milliseconds == sum)
    }

    @Test func `earlier is less`() {
        #expect(Timestamp(milliseconds: -1) < Timestamp(milliseconds: 0))
        #expect(!(Timestamp(milliseconds: 0) < Timestamp(milliseconds: 0)))
    }

    @Test(arguments: [Int64.min, .min + 1, .max - 1, .max])
    func `the ends of the range can be printed`(milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description.hasSuffix("Z"))
    }
}
