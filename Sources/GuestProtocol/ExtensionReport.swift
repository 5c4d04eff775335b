/// How an extension stands at the end of init, as the function's log says it.
package struct ExtensionReport: Sendable, Equatable {
    package var name: String
    /// AWS's word: `Ready`, `Registered`, `InitError` or `ExitError`.
    package var state: String
    package var events: [String]
    package var errorType: String?

    package init(name: String, state: String, events: [String], errorType: String? = nil) {
        self.name = name
        self.state = state
        self.events = events
        self.errorType = errorType
    }

    /// AWS's line.
    package var text: String {
        let line = "EXTENSION\tName: \(name)\tState: \(state)\tEvents: [\(events.joined(separator: ", "))]"
        return errorType.map { "\(line)\tError Type: \($0)" } ?? line
    }

    /// Reads such a line.
    package init?(text: String) {
        let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
        func field(_ index: Int, _ label: String) -> Substring? {
            guard fields.count > index, fields[index].hasPrefix(label) else { return nil }
            return fields[index].dropFirst(label.count)
        }
        guard fields.first == "EXTENSION", let name = field(1, "Name: "), let state = field(2, "State: "),
            let events = field(3, "Events: ["), events.hasSuffix("]")
        else { return nil }
        self.init(
            name: String(name), state: String(state),
            events: events.dropLast().split(separator: ",").map {
                String($0.hasPrefix(" ") ? $0.dropFirst() : $0)
            },
            errorType: field(4, "Error Type: ").map { String($0) })
    }
}

extension Output {
    /// What the platform says of an extension.
    package init(_ report: ExtensionReport, at nanoseconds: UInt64) {
        self.init(stream: .platform, timestampNanoseconds: nanoseconds, bytes: Array(report.text.utf8))
    }

    /// Nil when a process wrote this.
    package var report: ExtensionReport? {
        guard stream == .platform, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        return ExtensionReport(text: text)
    }
}
