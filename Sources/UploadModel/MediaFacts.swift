/// What a decoder tells of a finished image or video. What a file does not have, or hides, is `nil`.
package struct MediaFacts: Hashable, Sendable {
    /// As shown, after the orientation that the file asks for.
    package var widthPixels: Int?
    package var heightPixels: Int?
    /// Of a video; `nil` for images.
    package var durationMilliseconds: Int64?
    /// Short lower-case names: `h264`, `hevc`, `vp9`, `aac`.
    package var videoCodec: String?
    package var audioCodec: String?
    /// Frames in a thousand seconds, so that 29.97 is whole: 29970.
    package var framesPerThousandSeconds: Int64?

    package init(
        widthPixels: Int? = nil, heightPixels: Int? = nil, durationMilliseconds: Int64? = nil,
        videoCodec: String? = nil, audioCodec: String? = nil, framesPerThousandSeconds: Int64? = nil
    ) {
        self.widthPixels = widthPixels
        self.heightPixels = heightPixels
        self.durationMilliseconds = durationMilliseconds
        self.videoCodec = videoCodec
        self.audioCodec = audioCodec
        self.framesPerThousandSeconds = framesPerThousandSeconds
    }
}

/// How far the look at a finished file has come.
package enum ExaminationState: String, Hashable, Sendable, CaseIterable {
    /// It waits for its turn.
    case pending
    case done
    /// The decoder could not read the file, or gave up at a limit. The file itself stands.
    case failed
}

/// What is known of a finished file beyond its bytes: facts, and the copy of an image that fits 1080 x 1080.
package struct Examination: Hashable, Sendable {
    package var fileID: FileID
    package var state: ExaminationState
    package var facts: MediaFacts
    /// The resized copy of an image: a file of its own, left out of lists.
    package var copyID: FileID?
    /// Why there are no facts or no copy: one sentence for the client's developer.
    package var message: String?

    package init(
        fileID: FileID, state: ExaminationState, facts: MediaFacts = MediaFacts(), copyID: FileID? = nil,
        message: String? = nil
    ) {
        self.fileID = fileID
        self.state = state
        self.facts = facts
        self.copyID = copyID
        self.message = message
    }
}
