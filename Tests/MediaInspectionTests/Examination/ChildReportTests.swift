import Testing

@testable import MediaInspection

/// What an end is taken for.
@Suite struct ChildReportTests {
    @Test(arguments: [
        (ChildReport.Ending.status(1), "VipsJpeg: Premature end of input file", ExaminationFault.Code.unreadable),
        (.status(1), "vips_tracked: out of memory --- size == 286MB", .limit),
        (.status(1), "VipsJpeg: Insufficient memory (case 4)", .limit),
        (.status(1), "heif: Memory allocation error: Unspecified (6.0)", .limit),
        (.status(1), "glib: Error creating thread: Resource temporarily unavailable", .limit),
        (.status(127), "vips: error while loading shared libraries: failed to map segment from shared object", .limit),
        (.status(127), "nice: vips: No such file or directory", .toolMissing),
        (.status(126), "nice: vips: Permission denied", .toolMissing),
        (.status(125), "sh: ulimit: error setting limit", .failed),
        (.status(1), "vips__file_open_write: No space left on device", .failed),
        (.signal(5), "GLib-ERROR **: gmem.c: failed to allocate 8388608 bytes", .limit),
        (.signal(9), "", .limit),
        (.signal(24), "", .limit),
        (.signal(25), "", .limit),
        (.signal(11), "", .failed),
    ])
    func `an end and its code`(ending: ChildReport.Ending, complaints: String, code: ExaminationFault.Code) {
        let report = ChildReport(ending: ending, complaints: complaints)
        let fault = report.fault(limits: ExaminationLimits(), unreadable: "It is unreadable.", hiding: [])
        #expect(fault?.code == code)
    }

    @Test func `success is no fault`() {
        let report = ChildReport(ending: .status(0), complaints: "out of memory")
        #expect(report.fault(limits: ExaminationLimits(), unreadable: "", hiding: []) == nil)
    }

    @Test func `a path is neither taken for a reason nor logged`() {
        let report = ChildReport(ending: .status(1), complaints: "open /out of memory/a: bad data, /out of memory/a")
        let fault = report.fault(
            limits: ExaminationLimits(), unreadable: "It is unreadable.", hiding: ["/out of memory/a"])
        #expect(fault?.code == .unreadable)
        #expect(fault?.message == "It is unreadable.")
        #expect(fault?.cause?.hasSuffix("open FILE: bad data, FILE") == true)
    }
}
