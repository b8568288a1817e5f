import HTTPTypes
import Hummingbird
import MediaLibrary
import UploadEngine
import UploadModel
import UploadProtocols
import UploadStore

/// What can be done with a media item once it is made.
extension GatewayServices {
    /// The longest body of an edit, in bytes: what a form's fields may have.
    private var maximumEditBytes: Int { limits.maximumFormFieldBytes }

    /// `GET /api/v1/media/{images|videos}`
    func listItems(_ exchange: Exchange, _ kind: MediaKind) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let query = try ItemListQuery(query: exchange.query)
        let cursor = query.cursor.map { MediaItemCursor(createdAt: $0.createdAt, id: $0.id) }
        let found = try await library.items(
            of: tenant, kind: kind, status: query.status, after: cursor, limit: query.limit + 1)
        let shown = found.prefix(query.limit)
        let next = found.count > query.limit ? shown.last.map { ItemListQuery.cursor(after: $0.item) } : nil
        let examinations = try await library.examinations(of: shown.map(\.upload))
        return .reply(
            MediaReplies.items(
                shown.map { ($0.item, $0.upload, examinations[$0.upload.fileID]) }, next: next, path: exchange.path,
                query: query, address: address(of: exchange)))
    }

    /// `GET /api/v1/media/{images|videos}/{id}`
    func showItem(_ exchange: Exchange, _ parameters: Parameters, _ kind: MediaKind) async throws(UploadFault) -> Answer
    {
        let found = try await library.item(parameters.text("id"), kind: kind, of: exchange.requiredTenant())
        return try await answer(exchange, found, message: nil)
    }

    private func answer(
        _ exchange: Exchange, _ found: MediaLibrary.Finalized, message: String?
    ) async throws(UploadFault) -> Answer {
        let looked = try await library.looked(at: found.upload)
        return .reply(
            MediaReplies.item(
                found.item, upload: found.upload, examination: looked.examination, copy: looked.copy,
                message: message, address: address(of: exchange)))
    }

    /// `PATCH /api/v1/media/{images|videos}/{id}`: JSON or a form with the fields that are to change.
    func editItem(_ exchange: Exchange, _ parameters: Parameters, _ kind: MediaKind) async throws(UploadFault) -> Answer
    {
        let tenant = try exchange.requiredTenant()
        let id = try parameters.text("id")
        // An item that is not there is said before anything of the body.
        _ = try await library.item(id, kind: kind, of: tenant)
        let (fields, nulls) = try await editFields(exchange)
        let now = engine.now
        let edited = try await library.edit(id, kind: kind, of: tenant) { standing throws(UploadFault) in
            do throws(FormFault) {
                return try MediaItemForm.edit(standing, by: fields, nulls: nulls, now: now)
            } catch {
                throw Self.fault(error)
            }
        }
        return try await answer(exchange, edited, message: "Media updated")
    }

    private func editFields(_ exchange: Exchange) async throws(UploadFault) -> (
        fields: [(name: String, value: String)], nulls: Set<String>
    ) {
        let type = exchange.head.headerFields[.contentType].flatMap { UploadModel.MediaType($0) }
        guard type?.text == "multipart/form-data" else {
            return try JSONForm.fields(of: try await exchange.body.collect(maximumBytes: maximumEditBytes))
        }
        var reader = try FormReader(exchange, maximumFieldBytes: limits.maximumFormFieldBytes)
        var fields: [(name: String, value: String)] = []
        while let event = try await reader.next() {
            guard case .partBegan(let head) = event else { continue }
            fields.append((head.name, try await reader.text(head.name)))
        }
        return (fields, [])
    }

    /// `DELETE /api/v1/media/{images|videos}/{id}`
    func deleteItem(
        _ exchange: Exchange, _ parameters: Parameters, _ kind: MediaKind
    ) async throws(UploadFault) -> Answer {
        let id = try parameters.text("id")
        try await library.delete(id, kind: kind, of: exchange.requiredTenant())
        return .reply(MediaReplies.deleted(id))
    }

    /// `PATCH /api/v1/media/{images|videos}/{id}/platforms/{platform}`
    func reportPlatform(
        _ exchange: Exchange, _ parameters: Parameters, _ kind: MediaKind
    ) async throws(UploadFault) -> Answer {
        let tenant = try exchange.requiredTenant()
        let id = try parameters.text("id")
        let found = try await library.item(id, kind: kind, of: tenant)
        guard let platform = Platform(rawValue: try parameters.text("platform")) else {
            let known = found.item.request.platforms.map(\.rawValue).joined(separator: ", ")
            throw UploadFault(.notFound, "There is no such platform; this item is for \(known).")
        }
        let json = try await exchange.body.collect(maximumBytes: PlatformReport.maximumBodyBytes)
        let report = try PlatformReport(json: json, platform: platform)
        let reported = try await library.report(report.result, for: platform, on: id, kind: kind, of: tenant)
        return try await answer(exchange, reported, message: "Platform updated")
    }

    static func fault(_ fault: FormFault) -> UploadFault {
        UploadFault(
            .invalidRequest, fault.fields.map { "\($0.field): \($0.message)" }.joined(separator: " "),
            fields: fault.fields)
    }
}
