import GuestProtocol
import Testing

@Suite("The report of an extension")
struct ExtensionReportTests {
    static let reports: [(ExtensionReport, String)] = [
        (
            ExtensionReport(name: "a b", state: "Ready", events: ["INVOKE", "SHUTDOWN"]),
            "EXTENSION\tName: a b\tState: Ready\tEvents: [INVOKE, SHUTDOWN]"
        ),
        (
            ExtensionReport(name: "quiet", state: "Ready", events: []),
            "EXTENSION\tName: quiet\tState: Ready\tEvents: []"
        ),
        (
            ExtensionReport(name: "x", state: "InitError", events: ["INVOKE"], errorType: "Extension.NoLicence"),
            "EXTENSION\tName: x\tState: InitError\tEvents: [INVOKE]\tError Type: Extension.NoLicence"
        ),
    ]

    @Test("is AWS's line, and is read from it again", arguments: reports)
    func text(report: ExtensionReport, text: String) {
        #expect(report.text == text)
        #expect(Output(report, at: 1).report == report)
    }

    @Test(
        "is not read from what is none",
        arguments: ["", "EXTENSION", "EXTENSION\tName: x", "EXTENSION\tName: x\tState: Ready\tEvents: [", "x\ty\tz\tw"])
    func noReport(text: String) { #expect(ExtensionReport(text: text) == nil) }
}
