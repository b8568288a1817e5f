/// What a decoder may use. Each child process has all of it for itself; facts take one or two of them, a copy three,
/// one after the other. How many files are looked at together is for the caller to bound.
package struct ExaminationLimits: Hashable, Sendable {
    /// Address space (`RLIMIT_AS`): what is reserved counts, not only what is touched. ffprobe does not start below
    /// 300 MiB; libvips needs 512 MiB for an AVIF of 6 megapixels and 1 GiB for a progressive JPEG of 100. macOS
    /// enforces no such bound.
    package var memoryBytes: Int64 = 1 << 30
    /// Time on processors, all threads of a child together (`RLIMIT_CPU`).
    package var cpuSeconds: Int = 20
    /// From the start of a child to its end; then its process group is killed. Three times the processor time, because
    /// beside busy threads of normal priority a child gets a small share: this bound is for one that waits.
    package var wallMilliseconds: Int = 60_000
    /// What is read of a child's standard output; with more it is killed. Of standard error as much is kept, from its
    /// end.
    package var outputBytes: Int = 64 << 10
    /// The largest file that a child can write (`RLIMIT_FSIZE`), in steps of 512.
    package var copyBytes: Int64 = 32 << 20
    /// Images with more are not resized: width times height of the first frame.
    package var maximumPixels: Int64 = 100_000_000

    package init() {}
}
