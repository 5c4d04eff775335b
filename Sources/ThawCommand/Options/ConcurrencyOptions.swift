import ArgumentParser
import FunctionModel
import ServerAssembly
import Worker

/// What an account may run at a time, and where what is told of its events goes.
package struct ConcurrencyOptions: ParsableArguments {
    private static let standard = ConcurrencyLimits()

    @Option(
        name: .customLong("account-concurrency"),
        help: "Invocations of the account at a time, whatever sandboxes there are; one beyond it gets 429.")
    var account = Self.standard.account

    @Option(
        name: .customLong("unreserved-concurrency"),
        help: "Of those, what PutFunctionConcurrency must leave to functions that have nothing reserved.")
    var minimumUnreserved = Self.standard.minimumUnreserved

    @Option(
        name: .customLong("snapstart-policy"),
        help: """
            What versions with SnapStart may have: what they may have on AWS (aws), or provisioned concurrency too, whose \
            sandboxes are clones (open).
            """)
    var snapStartPolicy = SnapStartPolicy.aws

    @Option(
        name: .customLong("event-target"), parsing: .singleValue,
        help: ArgumentHelp(
            """
            Where what is told of events to an ARN goes instead: file:///PATH gets a line for each, http://… or https://… a \
            POST. May be given again. Default: functions and, at --aws-endpoint, queues and topics are told themselves.
            """, valueName: "arn=url"))
    var eventTargets: [String] = []

    package init() {}

    package func validate() throws {
        guard (1...1_000_000).contains(account) else {
            throw ValidationError("--account-concurrency must be 1 to 1000000; \(account) was given")
        }
        guard (0...account).contains(minimumUnreserved) else {
            throw ValidationError(
                "--unreserved-concurrency must be 0 to --account-concurrency, \(account); \(minimumUnreserved) was given"
            )
        }
        for text in eventTargets where Self.target(text) == nil {
            throw ValidationError(
                "--event-target takes an ARN, = and a URL with file, http or https; '\(text)' was given")
        }
    }

    var limits: ConcurrencyLimits { ConcurrencyLimits(account: account, minimumUnreserved: minimumUnreserved) }

    var targets: [String: EventTarget] {
        Dictionary(eventTargets.compactMap(Self.target), uniquingKeysWith: { $1 })
    }

    private static func target(_ text: String) -> (String, EventTarget)? {
        guard let equals = text.firstIndex(of: "="), text.hasPrefix("arn:") else { return nil }
        let (arn, url) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
        if url.hasPrefix("file:///"), url.utf8.count > 8 {
            return (arn, .file(StateDirectory.absolute(String(url.dropFirst(7)))))
        }
        let isWeb = ["http://", "https://"].contains { url.hasPrefix($0) && url.utf8.count > $0.utf8.count }
        return isWeb ? (arn, .webhook(url)) : nil
    }
}

extension SnapStartPolicy: ExpressibleByArgument {}
