import Testing
import UploadModel
import UploadProtocols

/// Every row of the publishing API's field tables, with a right and a wrong value; `file` and `fileId` are not read here.
@Suite struct SeedFieldTests {
    /// One row. Values of `nested` are JSON, those of `flat` are what the form field holds.
    struct Row: Sendable, CustomTestStringConvertible {
        var platform: Platform?
        /// `nil`: the newer generation has it only in the platform's object.
        var flatKey: String?
        /// `nil`: a field of the item itself.
        var nestedKey: String?
        var right: String
        /// As the request has it; of settings in JSON.
        var becomes: String
        /// Another right value in JSON, canonical.
        var other = ""
        var wrong: String
        /// Part of what is said of the wrong value.
        var message: String
        var nestedWrong = ""
        var nestedMessage = ""

        var testDescription: String { flatKey ?? "\(platform?.rawValue ?? "").\(nestedKey ?? "")" }

        /// The kinds that the platform takes.
        var kinds: [MediaKind] { MediaKind.allCases.filter { platform?.takes($0) ?? true } }

        static func item(
            _ field: String, _ right: String, becomes: String, wrong: String, _ message: String
        ) -> Row {
            Row(flatKey: field, right: right, becomes: becomes, wrong: wrong, message: message)
        }

        static func text(
            _ platform: Platform, _ flatKey: String?, _ nestedKey: String, wrong: String, _ message: String
        ) -> Row {
            Row(
                platform: platform, flatKey: flatKey, nestedKey: nestedKey, right: "Grüße #nature",
                becomes: "\"Grüße #nature\"", other: "\"Other\"", wrong: wrong, message: message,
                nestedWrong: "\"\(wrong)\"", nestedMessage: message)
        }

        static func flag(_ platform: Platform, _ flatKey: String, _ nestedKey: String) -> Row {
            Row(
                platform: platform, flatKey: flatKey, nestedKey: nestedKey, right: "true", becomes: "true",
                other: "false", wrong: "yes", message: "\"yes\" is not true, false, 1 or 0.",
                nestedWrong: "\"true\"", nestedMessage: "\"true\" is text; it must be true or false.")
        }

        static func list(_ platform: Platform, _ flatKey: String, _ nestedKey: String) -> Row {
            Row(
                platform: platform, flatKey: flatKey, nestedKey: nestedKey, right: "[\"17841400000000000\", \"b\"]",
                becomes: "[\"17841400000000000\",\"b\"]", other: "[\"c\"]",
                wrong: "[17841400000000000]", message: "\"[17841400000000000]\" is not a JSON array of strings.",
                nestedWrong: "[17841400000000000]", nestedMessage: "It must be a JSON array of strings.")
        }

        static func choice(_ platform: Platform, _ flatKey: String, _ nestedKey: String, _ names: [String]) -> Row {
            let message = "\"Everyone\" is not one of \(names.joined(separator: ", "))."
            return Row(
                platform: platform, flatKey: flatKey, nestedKey: nestedKey, right: names[0],
                becomes: "\"\(names[0])\"", other: "\"\(names[1])\"", wrong: "Everyone", message: message,
                nestedWrong: "\"Everyone\"", nestedMessage: message)
        }
    }

    static func letters(_ count: Int) -> String { String(repeating: "x", count: count) }

    static let now = Timestamp(milliseconds: 1_800_000_000_000)  // 2027-01-15T08:00:00Z

    static let itemRows: [Row] = [
        .item(
            "title", "My image", becomes: "My image", wrong: letters(256),
            "has 256 characters; at most 255 are allowed."),
        .item(
            "description", "Two\nlines", becomes: "Two\nlines", wrong: letters(10_001),
            "has 10001 characters; at most 10000 are allowed."),
        .item(
            "platforms", "[\"instagram\", \"tiktok\"]", becomes: "instagram,tiktok", wrong: "[\"myspace\"]",
            "\"myspace\" is not a platform; allowed: "),
        .item(
            "scheduledAt", "2030-01-31T18:00:00+01:00", becomes: "2030-01-31T17:00:00.000Z", wrong: "31.01.2030",
            "\"31.01.2030\" is not an ISO 8601 moment with a zone"),
        .item("isDraft", "true", becomes: "true", wrong: "maybe", "\"maybe\" is not true, false, 1 or 0."),
    ]

    static let settingRows: [Row] = [
        .text(.instagram, "instagramCaption", "caption", wrong: letters(2_201), "has 2201 characters; at most 2200"),
        .flag(.instagram, "instagramAutoPublish", "autoPublish"),
        .list(.instagram, "selectedInstagramAccounts", "accounts"),
        .text(.instagram, nil, "profileId", wrong: letters(201), "has 201 characters; at most 200 are allowed."),

        .text(.tiktok, "tiktokCaption", "caption", wrong: letters(4_001), "has 4001 UTF-16 units; at most "),
        .choice(
            .tiktok, "tiktokPrivacy", "privacy", ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]),
        .flag(.tiktok, "tiktokAutoPublish", "autoPublish"),
        .list(.tiktok, "selectedTiktokAccounts", "accounts"),
        .flag(.tiktok, "tiktokDisableComment", "disableComment"),
        .flag(.tiktok, "tiktokDisableDuet", "disableDuet"),
        .flag(.tiktok, "tiktokDisableStitch", "disableStitch"),
        .text(.tiktok, nil, "profileId", wrong: letters(201), "has 201 characters; at most 200 are allowed."),

        .text(.linkedin, "linkedinComment", "comment", wrong: letters(3_001), "has 3001 characters; at most 3000"),
        .flag(.linkedin, "linkedinAutoPublish", "autoPublish"),
        .list(.linkedin, "selectedLinkedinAccounts", "accounts"),
        .text(.linkedin, nil, "profileId", wrong: letters(201), "has 201 characters; at most 200 are allowed."),

        .text(.pinterest, "pinterestTitle", "title", wrong: letters(101), "has 101 characters; at most 100 are"),
        .text(
            .pinterest, "pinterestDescription", "description", wrong: letters(801), "has 801 characters; at most 800"),
        .flag(.pinterest, "pinterestAutoPublish", "autoPublish"),
        .list(.pinterest, "selectedPinterestAccounts", "accounts"),
        .text(.pinterest, nil, "profileId", wrong: letters(201), "has 201 characters; at most 200 are allowed."),

        .text(.youtube, "youtubeTitle", "title", wrong: letters(101), "has 101 characters; at most 100 are allowed."),
        .text(.youtube, "youtubeDescription", "description", wrong: letters(5_001), "has 5001 bytes; at most 5000"),
        .choice(.youtube, "youtubePrivacy", "privacy", ["public", "private", "unlisted"]),
        .flag(.youtube, "youtubeAutoPublish", "autoPublish"),
        .list(.youtube, "selectedYoutubeChannels", "channels"),
        .text(.youtube, nil, "profileId", wrong: letters(201), "has 201 characters; at most 200 are allowed."),
    ]

    typealias Fields = [(name: String, value: String)]

    static func request(_ fields: Fields, _ kind: MediaKind) throws(FormFault) -> MediaItemRequest {
        try MediaItemForm.request(from: fields, kind: kind, now: now)
    }

    static func faults(_ fields: Fields, _ kind: MediaKind) -> [FieldFault] {
        do throws(FormFault) {
            _ = try request(fields, kind)
            return []
        } catch {
            return error.fields
        }
    }

    /// What became of one field of the item itself.
    static func value(_ field: String, of request: MediaItemRequest) -> String? {
        switch field {
        case "title": request.title
        case "description": request.description
        case "platforms": request.platforms.map(\.rawValue).joined(separator: ",")
        case "scheduledAt": request.scheduledAt.map { "\($0)" }
        case "isDraft": "\(request.isDraft)"
        default: nil
        }
    }

    /// The settings of a row's platform, once for every kind that it takes.
    static func settings(_ row: Row, _ fields: Fields) throws -> Set<String?> {
        let platform = try #require(row.platform)
        let all = [(name: "platforms", value: platform.rawValue)] + fields
        return Set(try row.kinds.map { try request(all, $0).settingsJSON[platform] })
    }

    // MARK: Fields of the item

    @Test(arguments: itemRows, MediaKind.allCases)
    func itemField(row: Row, kind: MediaKind) throws {
        let field = try #require(row.flatKey)
        let others: Fields = field == "platforms" ? [] : [("platforms", "tiktok")]
        #expect(Self.value(field, of: try Self.request(others + [(field, row.right)], kind)) == row.becomes)
        let faults = Self.faults(others + [(field, row.wrong)], kind)
        #expect(faults.map(\.field) == [field])
        #expect(faults.allSatisfy { $0.message.contains(row.message) }, "\(faults)")
    }

    // MARK: Settings of the platforms

    @Test(arguments: settingRows)
    func flatSetting(row: Row) throws {
        let nestedKey = try #require(row.nestedKey)
        // What has no flat key is ignored under its own name.
        let field = row.flatKey ?? nestedKey
        let expected = row.flatKey == nil ? nil : "{\"\(nestedKey)\":\(row.becomes)}"
        #expect(try Self.settings(row, [(field, row.right)]) == [expected])
        for kind in MediaKind.allCases {
            // Also when the platform is not asked for.
            let faults = Self.faults([("platforms", "linkedin"), (field, row.wrong)], kind)
            #expect(faults.map(\.field) == (row.flatKey == nil ? [] : [field]))
            #expect(faults.allSatisfy { $0.message.contains(row.message) }, "\(faults)")
        }
    }

    @Test(arguments: settingRows)
    func nestedSetting(row: Row) throws {
        let (platform, key) = (try #require(row.platform), try #require(row.nestedKey))
        let name = platform.rawValue
        let expected = "{\"\(key)\":\(row.becomes)}"
        #expect(try Self.settings(row, [(name, " { \"\(key)\" : \(row.becomes) } ")]) == [expected])
        for kind in MediaKind.allCases {
            for (wrong, message) in [(row.nestedWrong, row.nestedMessage), ("7", "It must be "), ("{}", "It must be ")]
            {
                let faults = Self.faults([("platforms", "linkedin"), (name, "{\"\(key)\":\(wrong)}")], kind)
                #expect(faults.map(\.field) == ["\(name).\(key)"])
                #expect(faults.allSatisfy { $0.message.contains(message) }, "\(faults)")
            }
        }
    }

    @Test(arguments: settingRows.filter { $0.flatKey != nil })
    func nestedWinsOverFlat(row: Row) throws {
        let (platform, key) = (try #require(row.platform), try #require(row.nestedKey))
        let flat = (name: try #require(row.flatKey), value: row.right)
        let nested = (name: platform.rawValue, value: "{\"\(key)\":\(row.other)}")
        let expected = "{\"\(key)\":\(row.other)}"
        #expect(try Self.settings(row, [flat, nested]) == [expected])
        #expect(try Self.settings(row, [nested, flat]) == [expected])
    }

    /// The rows here are the settings that the reader knows, neither more nor fewer.
    @Test(arguments: Platform.allCases)
    func everySettingHasARow(platform: Platform) {
        let keys = Self.settingRows.filter { $0.platform == platform }.compactMap(\.nestedKey)
        let faults = Self.faults([("platforms", "linkedin"), (platform.rawValue, "{\"colour\":1}")], .video)
        #expect(
            faults.map(\.message) == [
                "\"colour\" is not a setting of \(platform.rawValue); allowed: \(keys.joined(separator: ", "))."
            ])
    }

    // MARK: All faults at once

    @Test(arguments: MediaKind.allCases)
    func tellsAllFlatFaultsAtOnce(kind: MediaKind) {
        let rows = (Self.itemRows + Self.settingRows).filter { $0.flatKey != nil }
        let faults = Self.faults(rows.map { ($0.flatKey ?? "", $0.wrong) }, kind)
        #expect(Set(faults.map(\.field)) == Set(rows.compactMap(\.flatKey)))
        #expect(faults.count == rows.count)
        for row in rows {
            #expect(faults.contains { $0.field == row.flatKey && $0.message.contains(row.message) }, "\(row)")
        }
    }

    @Test(arguments: MediaKind.allCases)
    func tellsAllNestedFaultsAtOnce(kind: MediaKind) {
        var fields: Fields = Self.itemRows.map { ($0.flatKey ?? "", $0.wrong) }
        for platform in Platform.allCases {
            let rows = Self.settingRows.filter { $0.platform == platform }
            let members = rows.map { "\"\($0.nestedKey ?? "")\":\($0.nestedWrong)" }
            fields.append((platform.rawValue, "{\(members.joined(separator: ","))}"))
        }
        let faults = Self.faults(fields, kind)
        #expect(faults.count == Self.itemRows.count + Self.settingRows.count)
        for row in Self.settingRows {
            let field = "\(row.platform?.rawValue ?? "").\(row.nestedKey ?? "")"
            #expect(faults.contains { $0.field == field && $0.message.contains(row.nestedMessage) }, "\(field)")
        }
    }
}
