import UploadModel

@testable import UploadProtocols

/// JSON forms, text fields and chunk forms: inside their limits, and what stands stays as it is.
enum Forms {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let kind = input.choice(of: MediaKind.allCases)
        let platform = input.choice(of: Platform.allCases)
        let json = Array(input.bytes)
        try blamingFields {
            let (fields, nulls) = try JSONForm.fields(of: json)
            try checkItem(fields, nulls, kind)
        }
        if let pairs = PercentCoding.parseQuery(input.text) {
            try checkItem(pairs, [], kind)
            try checkChunk(pairs)
        }
        try blamingFields { try checkPost(PostOrder(json: json, now: Uploads.moment)) }
        try blamingFields { try checkReport(PlatformReport(json: json, platform: platform)) }
        try blamingFields {
            let url = try MediaURLQuestion(json: json).url
            try claim(url.utf8.count <= MediaURLQuestion.maximumURLBytes, "a URL of \(url.utf8.count) bytes")
        }
    }

    /// What is refused is refused for something that the client can mend.
    private static func blamingFields(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let fault as UploadFault {
            let isRefusal = [.invalidRequest, .tooLarge].contains(fault.code)
            try claim(isRefusal && !fault.detail.isEmpty, "\(fault)")
            let count = fault.fields.count
            try claim(fault.code == .tooLarge || (1...MediaItemForm.maximumFaults).contains(count), "\(count) faults")
        }
    }

    // MARK: Items

    private static func checkItem(
        _ fields: [(name: String, value: String)], _ nulls: Set<String>, _ kind: MediaKind
    ) throws {
        let request: MediaItemRequest
        do throws(FormFault) {
            request = try MediaItemForm.request(from: fields, kind: kind, now: Uploads.moment)
        } catch {
            let count = error.fields.count
            return try claim((1...MediaItemForm.maximumFaults).contains(count), "\(count) faults")
        }
        try checkRequest(request)
        let same = try MediaItemForm.edit(request, by: [], nulls: [], now: Uploads.moment)
        try claim(same == request, "an edit of nothing makes \(same) of \(request)")
        // A form that names the same again changes nothing, unless it takes something away.
        guard nulls.isEmpty, !fields.contains(where: { $0.value.contains("null") }) else { return }
        let again = try MediaItemForm.edit(request, by: fields, nulls: [], now: Uploads.moment)
        try claim(again == request, "an edit to the same makes \(again) of \(request)")
    }

    private static func checkRequest(_ request: MediaItemRequest) throws {
        let title = request.title?.unicodeScalars.count ?? 1
        try claim((1...MediaItemForm.maximumTitleCharacters).contains(title), "a title of \(title)")
        let description = request.description?.unicodeScalars.count ?? 1
        try claim((1...MediaItemForm.maximumDescriptionCharacters).contains(description), "a text of \(description)")
        try claim(!request.platforms.isEmpty && request.platforms.allSatisfy { $0.takes(request.kind) }, "\(request)")
        try claim(Set(request.platforms).count == request.platforms.count, "a platform stands twice in \(request)")
        try claim(!request.isDraft || request.scheduledAt == nil, "\(request) is a draft and has its time")
        if let moment = request.scheduledAt { try claim(moment > Uploads.moment, "\(moment) is over") }
        try checkSettings(request.settingsJSON, request.platforms, request.kind)
    }

    /// Equal settings are equal text: what was written is written again when it is read.
    private static func checkSettings(
        _ settings: [Platform: String], _ platforms: [Platform], _ kind: MediaKind?
    ) throws {
        for (platform, json) in settings {
            try claim(platforms.contains(platform), "\(platform) was not asked for")
            var reader = PlatformSettingsReader(platform: platform, kind: kind)
            let again = reader.read(FormFields([(platform.rawValue, json)]))
            try claim(reader.faults.isEmpty, "\(json) is not taken again: \(reader.faults)")
            try claim(again.map { Array($0.utf8) } == Array(json.utf8), "\(json) came out as \(again ?? "nothing")")
        }
    }

    // MARK: Posts and reports

    private static func checkPost(_ post: PostOrder) throws {
        try claim(post.text.unicodeScalars.count <= PostOrder.maximumTextCharacters, "\(post.text) is too long")
        try claim(!post.platforms.isEmpty && Set(post.platforms).count == post.platforms.count, "\(post.platforms)")
        try claim((1...PostOrder.maximumMediaURLs).contains(post.mediaURLs.count), "\(post.mediaURLs.count) URLs")
        for url in post.mediaURLs {
            try claim(WebAddress.objection(to: url, maximumBytes: PostOrder.maximumURLBytes) == nil, "\(url) is taken")
        }
        if let moment = post.scheduledAt { try claim(moment > Uploads.moment, "\(moment) is over") }
        try checkSettings(post.settingsJSON, post.platforms, nil)
    }

    private static func checkReport(_ report: PlatformReport) throws {
        let result = report.result
        if let id = result.remoteID {
            try claim((1...PlatformResult.maximumIDBytes).contains(id.utf8.count), "an id of \(id.utf8.count) bytes")
        }
        let message = result.message?.unicodeScalars.count ?? 1
        try claim((1...PlatformResult.maximumMessageCharacters).contains(message), "a message of \(message)")
        try claim(result.url?.utf8.count ?? 0 <= PlatformResult.maximumURLBytes, "\(result) has a long URL")
    }

    // MARK: Chunks

    /// The order of the fields says nothing.
    private static func checkChunk(_ pairs: [(name: String, value: String)]) throws {
        let fields = pairs.filter { ChunkForm.isField($0.name) }
        let there = try? chunk(fields)
        let back = try? chunk(fields.reversed())
        try claim(there?.reference == back?.reference && there?.index == back?.index, "\(fields) depends on its order")
        guard let there else { return }
        try claim(!there.reference.isEmpty && (0..<there.count).contains(there.index), "\(there) is no chunk")
    }

    private static func chunk(
        _ fields: [(name: String, value: String)]
    ) throws(UploadFault) -> (reference: String, index: Int, count: Int) {
        var form = ChunkForm()
        for (name, value) in fields { try form.take(name, value) }
        return try form.chunk()
    }
}
