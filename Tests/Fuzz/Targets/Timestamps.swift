import UploadModel
import UploadProtocols

/// Moments: what is read is written and read as the same, and every number is a moment.
enum Timestamps {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        if let moment = Timestamp(rfc3339: input.text) { try checkWritten(moment) }
        let moment = Timestamp(milliseconds: input.integer())
        let civil = moment.civil
        try claim((1...12).contains(civil.month) && (1...31).contains(civil.day), "\(civil)")
        try claim((0...6).contains(civil.weekday) && (0...23).contains(civil.hour), "\(civil)")
        if (0...9999).contains(civil.year) { try checkWritten(moment) }
        let seconds = input.integer()
        let later = moment.adding(seconds: seconds)
        try claim(seconds < 0 ? later <= moment : later >= moment, "\(seconds) s after \(moment) is \(later)")
    }

    private static func checkWritten(_ moment: Timestamp) throws {
        let text = moment.description
        try claim(text.utf8.count == 24, "\(text) is not as long as the others")
        try claim(Timestamp(rfc3339: text) == moment, "\(text) is read as another moment")
        try claim(HTTPDate.text(moment).utf8.count == 29, "\(HTTPDate.text(moment)) is not as long as the others")
    }
}
