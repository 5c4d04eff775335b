import FunctionModel
import Testing
import Worker

@Suite("The platform's log lines")
struct LogLineTests {
    static let runtime = RuntimeVersion(name: "python:3.12.v40", arn: "arn:aws:lambda:us-east-1::runtime:abc")

    static let lines: [(LogLine, String)] = [
        (
            .initStart(runtime),
            "INIT_START Runtime Version: python:3.12.v40\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:abc"
        ),
        (
            .initReport(.microseconds(1_236_040), phase: .initialization, .error(type: "Runtime.ExitError")),
            "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError"
        ),
        (
            .initReport(.microseconds(9_999_500), phase: .invoke, .timeout),
            "INIT_REPORT Init Duration: 9999.50 ms\tPhase: invoke\tStatus: timeout"
        ),
        (
            .initReport(.milliseconds(93), phase: .initialization, nil),
            "INIT_REPORT Init Duration: 93.00 ms\tPhase: init"
        ),
        (
            .restoreStart(runtime),
            "RESTORE_START Runtime Version: python:3.12.v40\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:abc"
        ),
        (.restoreReport(.microseconds(511_250), nil), "RESTORE_REPORT Restore Duration: 511.25 ms"),
        (.restoreReport(.seconds(10), .timeout), "RESTORE_REPORT Restore Duration: 10000.00 ms\tStatus: timeout"),
        (
            .restoreReport(.microseconds(511_250), .error(type: "Runtime.ExitError")),
            "RESTORE_REPORT Restore Duration: 511.25 ms\tStatus: error\tError Type: Runtime.ExitError"
        ),
        (.start(requestID: "id", .published(7)), "START RequestId: id Version: 7"),
        (.start(requestID: "id", .latest), "START RequestId: id Version: $LATEST"),
        (.end(requestID: "id"), "END RequestId: id"),
    ]

    @Test("are worded as AWS words them", arguments: lines)
    func wording(line: LogLine, text: String) { #expect(line.text == text) }

    @Test(
        "give times in hundredths of milliseconds, rounded",
        arguments: [
            (Duration.zero, "0.00"), (.nanoseconds(4_999), "0.00"), (.nanoseconds(5_000), "0.01"),
            (.microseconds(90), "0.09"), (.microseconds(99), "0.10"), (.nanoseconds(999_995), "1.00"),
            (.milliseconds(900_000), "900000.00"), (.microseconds(2_338_664), "2338.66"), (.milliseconds(-1), "0.00"),
        ])
    func rounding(duration: Duration, text: String) {
        #expect(LogLine.restoreReport(duration, nil).text == "RESTORE_REPORT Restore Duration: \(text) ms")
    }

    static let reports: [(InvocationReport, String)] = [
        // AWS's own example of a restored invocation, but that the whole restore is billed here.
        (
            InvocationReport(
                requestID: "id", duration: .microseconds(2_338_660), memorySizeMegabytes: 3009,
                maximumMemoryBytes: 173 << 20, coldStart: .restored(.microseconds(181_300))),
            "REPORT RequestId: id\tDuration: 2338.66 ms\tBilled Duration: 2521 ms\tMemory Size: 3009 MB\t"
                + "Max Memory Used: 173 MB\tRestore Duration: 181.30 ms\tBilled Restore Duration: 182 ms\t"
        ),
        (
            InvocationReport(
                requestID: "id", duration: .microseconds(1610), memorySizeMegabytes: 128,
                maximumMemoryBytes: (36 << 20) - 1, coldStart: .initialized(.microseconds(93_100))),
            "REPORT RequestId: id\tDuration: 1.61 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
                + "Max Memory Used: 36 MB\tInit Duration: 93.10 ms\t"
        ),
        (
            InvocationReport(
                requestID: "id", duration: .microseconds(400), memorySizeMegabytes: 128, maximumMemoryBytes: 36 << 20),
            "REPORT RequestId: id\tDuration: 0.40 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
        ),
        (
            InvocationReport(
                requestID: "id", duration: .seconds(1), memorySizeMegabytes: 128, maximumMemoryBytes: 36 << 20,
                failure: .timeout),
            "REPORT RequestId: id\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\t"
                + "Max Memory Used: 36 MB\tStatus: timeout"
        ),
        (
            InvocationReport(
                requestID: "id", duration: .milliseconds(5), memorySizeMegabytes: 128, maximumMemoryBytes: 1,
                failure: .error(type: "Runtime.ExitError")),
            "REPORT RequestId: id\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\t"
                + "Max Memory Used: 1 MB\tStatus: error\tError Type: Runtime.ExitError"
        ),
    ]

    @Test("report an invocation with its times and its memory", arguments: reports)
    func report(report: InvocationReport, text: String) { #expect(report.text == text) }
}
