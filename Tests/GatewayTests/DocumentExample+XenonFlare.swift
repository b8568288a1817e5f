/// The example of the document of the publishing API.
extension DocumentExample {
    /// `POST /api/v1/media/images`, each platform's settings as nested JSON.
    static let image = DocumentExample(
        document: "xenonflare POST /api/v1/media/images", language: .curl,
        text: #"""
            curl -X POST https://api.xenonflare.com/api/v1/media/images \
            -H "X-API-Key: YOUR_API_KEY" \
            -F "file=@/path/to/image.jpg" \
            -F "platforms=[\"instagram\", \"pinterest\"]" \
            -F "instagram={\"caption\": \"Stunning view! #nature\", \"autoPublish\": true, \"accounts\": \#
            [\"YOUR_INSTAGRAM_BUSINESS_ID\"]}" \
            -F "pinterest={\"title\": \"Nature Photography\", \"description\": \"Beautiful landscape \#
            photo.\", \"autoPublish\": true, \"accounts\": [\"YOUR_PINTEREST_ID\"]}"
            """#)
}
