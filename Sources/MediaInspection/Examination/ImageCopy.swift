package import UploadModel

/// A resized copy that was written.
package struct ImageCopy: Hashable, Sendable {
    package let mediaType: MediaType
    package let widthPixels: Int
    package let heightPixels: Int
}
