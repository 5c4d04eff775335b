import Worker

/// What `GET /_thaw/sandboxes` answers, for the commands beside a server.
package struct SandboxList: Codable, Sendable {
    package struct Sandbox: Codable, Sendable {
        package let functionName: String
        package let version: String
        /// Absent for one that is in none.
        package let slot: Int?
        package let isIdle: Bool

        private enum CodingKeys: String, CodingKey {
            case functionName = "FunctionName"
            case version = "Version"
            case slot = "Slot"
            case isIdle = "Idle"
        }

        init(_ summary: SandboxSummary) {
            functionName = summary.functionName
            version = summary.version
            slot = summary.slot
            isIdle = summary.isIdle
        }
    }

    package let sandboxes: [Sandbox]

    private enum CodingKeys: String, CodingKey { case sandboxes = "Sandboxes" }

    init(_ summaries: [SandboxSummary]) { sandboxes = summaries.map(Sandbox.init) }
}
