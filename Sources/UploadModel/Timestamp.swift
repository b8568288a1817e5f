/// A moment in milliseconds since 1970-01-01T00:00:00Z. Rules take it as an argument and never read a clock.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// Later (or, for a negative value, earlier) by whole seconds; saturates at the ends of the range.
    package func adding(seconds: Int64) -> Timestamp {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return Timestamp(milliseconds: seconds > 0 ? .max : .min) }
        let (sum, overflow2) = milliseconds.addingReportingOverflow(product)
        return Timestamp(milliseconds: overflow2 ? (seconds > 0 ? .max : .min) : sum)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2024-02-13T10:00:00.000Z`.
    package var description: String {
        let fields = civil
        func pad(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(pad(fields.year, 4))-\(pad(fields.month, 2))-\(pad(fields.day, 2))"
            + "T\(pad(fields.hour, 2)):\(pad(fields.minute, 2)):\(pad(fields.second, 2)).\(pad(fields.millisecond, 3))Z"
    }

    /// The fields of the proleptic Gregorian calendar in UTC.
    package struct Civil: Equatable, Sendable {
        package var year: Int64
        package var month: Int64
        package var day: Int64
        package var hour: Int64
        package var minute: Int64
        package var second: Int64
        package var millisecond: Int64
        /// 0 is Sunday.
        package var weekday: Int64
    }

    package var civil: Civil {
        let dayMilliseconds: Int64 = 86_400_000
        var days = milliseconds / dayMilliseconds
        var rest = milliseconds % dayMilliseconds
        if rest < 0 {
            rest += dayMilliseconds
            days -= 1
        }
        // Days are counted from 0000-03-01 so that the leap day ends a year; 400 years have 146,097 days.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return Civil(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
            weekday: ((days + 4) % 7 + 7) % 7)
    }

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: what four digits of a year can say.
    private static let firstMilliseconds: Int64 = -62_167_219_200_000
    private static let lastMilliseconds: Int64 = 253_402_300_799_999

    /// Reads an RFC 3339 moment with a zone (`Z` or `+hh:mm`); fractions beyond milliseconds are cut off. Of the other
    /// forms of ISO 8601 it takes those that clients send: no seconds, a comma before the fraction, `+hhmm`.
    /// `nil` for anything else, a date without a zone included.
    package init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for _ in 0..<digits {
                let byte = rest.removeFirst()
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        func take(_ characters: String) -> UInt8? {
            guard let first = rest.first, characters.utf8.contains(first) else { return nil }
            return rest.removeFirst()
        }
        guard let year = number(4), take("-") != nil, let month = number(2), take("-") != nil, let day = number(2),
            take("Tt ") != nil, let hour = number(2), take(":") != nil, let minute = number(2)
        else { return nil }
        var second: Int64 = 0
        var millisecond: Int64 = 0
        if take(":") != nil {
            guard let value = number(2) else { return nil }
            second = value
            if take(".,") != nil {
                var scale: Int64 = 100
                var digits = 0
                while let byte = rest.first, byte >= 0x30, byte <= 0x39 {
                    rest.removeFirst()
                    millisecond += Int64(byte - 0x30) * scale
                    scale /= 10
                    digits += 1
                }
                guard digits > 0 else { return nil }
            }
        }
        var zoneMinutes: Int64 = 0
        if let sign = take("+-") {
            guard let hours = number(2) else { return nil }
            _ = take(":")
            guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
            zoneMinutes = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
        } else {
            guard take("Zz") != nil else { return nil }
        }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let monthDays: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard rest.isEmpty, (1...12).contains(month), (1...monthDays[Int(month) - 1]).contains(day), hour < 24,
            minute < 60, second <= 60
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let moment = ((days * 24 + hour) * 60 + minute - zoneMinutes) * 60_000 + second * 1000 + millisecond
        // A zone may lead out of the years that the format has: what is taken in must be writable again.
        guard (Self.firstMilliseconds...Self.lastMilliseconds).contains(moment) else { return nil }
        self.milliseconds = moment
    }
}
