package import UploadModel

/// Dates in HTTP fields.
package enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// IMF-fixdate of RFC 9110 section 5.6.7, milliseconds cut off: `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func text(_ moment: Timestamp) -> String {
        let fields = moment.civil
        func pad(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let weekday = weekdays[Int(fields.weekday)]
        let month = months[Int(fields.month) - 1]
        return "\(weekday), \(pad(fields.day, 2)) \(month) \(pad(fields.year, 4)) "
            + "\(pad(fields.hour, 2)):\(pad(fields.minute, 2)):\(pad(fields.second, 2)) GMT"
    }
}
