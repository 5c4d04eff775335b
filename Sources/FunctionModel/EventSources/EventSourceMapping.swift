import struct Foundation.Date

/// What has events of a source sent to a function.
package struct EventSourceMapping: Codable, Sendable, Equatable {
    package enum State: String, Codable, Sendable, CaseIterable {
        case creating = "Creating"
        case enabling = "Enabling"
        case enabled = "Enabled"
        case updating = "Updating"
        case disabling = "Disabling"
        case disabled = "Disabled"
        case deleting = "Deleting"

        /// What it becomes when what it says is done; nil for one that lasts.
        package var next: State? {
            switch self {
            case .creating, .enabling, .updating: .enabled
            case .disabling: .disabled
            case .enabled, .disabled, .deleting: nil
            }
        }
    }

    package var uuid: String
    package var kind: EventSourceKind
    /// The function, as the client named it: with a qualifier or without.
    package var functionName: String
    package var qualifier: String?
    package var settings: EventSourceSettings
    package var state: State
    package var stateReason: String
    package var lastModified: Date
    package var lastProcessingResult: String?
    package var tags: [String: String]

    package init(
        uuid: String, kind: EventSourceKind, functionName: String, qualifier: String?, settings: EventSourceSettings,
        state: State, lastModified: Date, tags: [String: String]
    ) {
        self.uuid = uuid
        self.kind = kind
        self.functionName = functionName
        self.qualifier = qualifier
        self.settings = settings
        self.state = state
        stateReason = kind.userAction
        self.lastModified = lastModified
        lastProcessingResult = kind.showsLastResult ? "No records processed" : nil
        self.tags = tags
    }

    package var reference: FunctionReference { FunctionReference(name: functionName, qualifier: qualifier) }

    /// The mapping after what it was doing is done.
    package func settled() -> Self? {
        guard let state = state.next else { return nil }
        var next = self
        next.state = state
        return next
    }
}

extension AccountScope {
    package func arn(eventSourceMapping uuid: String) -> String {
        "arn:\(partition):lambda:\(region):\(accountID):event-source-mapping:\(uuid)"
    }
}

extension EventSourceMapping {
    /// Whether the text is the ARN of some mapping: `arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:UUID`.
    package static func isARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 7 && parts[0] == "arn" && parts[2] == "lambda"
            && TaggableResource(type: parts[5], id: parts[6]) == .eventSourceMapping
    }
}
