import UploadModel

/// What a platform allows of one text that is published there, counted as the platform counts.
///
/// Each constant names the public page that states it. A page that says "characters" does not say which; Unicode
/// scalars are counted then, as JSON Schema counts `maxLength`.
struct PlatformLimit: Equatable, Sendable {
    enum Unit: String, Sendable {
        /// Unicode scalars.
        case characters
        /// Most emoji are two or more.
        case utf16Units = "UTF-16 units"
        /// Of UTF-8.
        case bytes
    }

    private let unit: Unit
    private let maximum: Int
    /// Where images are allowed another length than videos.
    private let maximumOfImages: Int?
    private let refused: [Unicode.Scalar]
    private let maximumHashtags: Int?
    private let maximumMentions: Int?

    private init(
        _ unit: Unit, _ maximum: Int, ofImages maximumOfImages: Int? = nil, refused: [Unicode.Scalar] = [],
        maximumHashtags: Int? = nil, maximumMentions: Int? = nil
    ) {
        self.unit = unit
        self.maximum = maximum
        self.maximumOfImages = maximumOfImages
        self.refused = refused
        self.maximumHashtags = maximumHashtags
        self.maximumMentions = maximumMentions
    }

    /// YouTube Data API, "Videos", `snippet.title`: https://developers.google.com/youtube/v3/docs/videos
    static let youtubeTitle = PlatformLimit(.characters, 100, refused: ["<", ">"])

    /// The same page, `snippet.description`; the one text that is limited in bytes.
    static let youtubeDescription = PlatformLimit(.bytes, 5_000, refused: ["<", ">"])

    /// Instagram Platform, "IG User Media", `caption`:
    /// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
    static let instagramCaption = PlatformLimit(.characters, 2_200, maximumHashtags: 30, maximumMentions: 20)

    /// TikTok for Developers, in "UTF-16 runes". A video's caption is the `title` of "Direct Post":
    /// https://developers.tiktok.com/doc/content-posting-api-reference-direct-post
    /// An image's caption is the `description` of "Photo", whose `title` has no setting here:
    /// https://developers.tiktok.com/doc/content-posting-api-reference-photo-post
    static let tiktokCaption = PlatformLimit(.utf16Units, 2_200, ofImages: 4_000)

    /// LinkedIn Help, "Post and share updates": https://www.linkedin.com/help/linkedin/answer/a528176
    /// The setting `comment` is taken to be the text of the post; for a comment under a post no public page was found.
    static let linkedinComment = PlatformLimit(.characters, 3_000)

    /// Pinterest REST API description, schema `PinCreate`, `title`:
    /// https://github.com/pinterest/api-description (v5/openapi.yaml)
    static let pinterestTitle = PlatformLimit(.characters, 100)

    /// The same schema, `description`; in its older versions 500.
    static let pinterestDescription = PlatformLimit(.characters, 800)

    /// Of no platform: the gateway's own.
    static let profileID = PlatformLimit(.characters, PlatformSettingsReader.maximumIDCharacters)

    /// What is wrong with a text; `nil` when the platform takes it.
    ///
    /// - Parameter kind: `nil` when it is not known: then the widest limit counts.
    func objection(to text: String, kind: MediaKind?) -> String? {
        let quoted = FormFields.quoted(text)
        let length = length(of: text)
        let allowed = allowed(kind)
        guard length <= allowed else {
            let whose = maximumOfImages == nil ? "" : kind.map { " for \($0.rawValue)s" } ?? ""
            return "\(quoted) has \(length) \(unit.rawValue); at most \(allowed) are allowed\(whose)."
        }
        if let scalar = refused.first(where: text.unicodeScalars.contains) {
            return "\(quoted) holds \(scalar); \(refused.map(String.init).joined(separator: " and ")) are not allowed."
        }
        if let maximumHashtags, let message = Self.objection(to: text, "#", "hashtags", maximumHashtags) {
            return message
        }
        if let maximumMentions, let message = Self.objection(to: text, "@", "mentions", maximumMentions) {
            return message
        }
        // Of the length nothing is left to say.
        return FormFields.objection(toText: text, maximumCharacters: .max)
    }

    private func allowed(_ kind: MediaKind?) -> Int {
        switch kind {
        case .image: maximumOfImages ?? maximum
        case .video: maximum
        case nil: max(maximum, maximumOfImages ?? 0)
        }
    }

    private func length(of text: String) -> Int {
        switch unit {
        case .characters: text.unicodeScalars.count
        case .utf16Units: text.utf16.count
        case .bytes: text.utf8.count
        }
    }

    /// Counts the words that begin with a mark. The pages do not say what else makes a tag, so nothing else is
    /// counted: neither `a@example.com` nor a lone `#`.
    private static func objection(
        to text: String, _ mark: Unicode.Scalar, _ name: String, _ maximum: Int
    ) -> String? {
        var count = 0
        var (before, last): (Unicode.Scalar, Unicode.Scalar) = (" ", " ")
        for scalar in text.unicodeScalars {
            if last == mark, isWord(scalar), !isWord(before) { count += 1 }
            (before, last) = (last, scalar)
        }
        guard count > maximum else { return nil }
        return "\(FormFields.quoted(text)) has \(count) \(name); at most \(maximum) are allowed."
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
}
