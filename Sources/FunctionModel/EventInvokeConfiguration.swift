import struct Foundation.Date

/// What is done with events of a function, version or alias: how often and how long they are tried, and who hears of the end.
package struct EventInvokeConfiguration: Codable, Sendable, Hashable {
    package var functionName: String
    /// `$LATEST`, a version's number or the name of an alias.
    package var qualifier: String
    package var maximumRetryAttempts: Int?
    /// Seconds.
    package var maximumEventAge: Int?
    /// ARNs.
    package var onSuccess: String?
    package var onFailure: String?
    package var lastModified: Date

    package init(
        functionName: String, qualifier: String, maximumRetryAttempts: Int? = nil, maximumEventAge: Int? = nil,
        onSuccess: String? = nil, onFailure: String? = nil, lastModified: Date
    ) {
        self.functionName = functionName
        self.qualifier = qualifier
        self.maximumRetryAttempts = maximumRetryAttempts
        self.maximumEventAge = maximumEventAge
        self.onSuccess = onSuccess
        self.onFailure = onFailure
        self.lastModified = lastModified
    }

    /// How often an event is tried again after the function has failed.
    package var retries: Int { maximumRetryAttempts ?? Limits.eventRetries.upperBound }

    /// Seconds.
    package var age: Int { maximumEventAge ?? Limits.eventAge.upperBound }
}

/// The members of a call that makes or changes such a configuration.
package struct EventInvokeMembers: Sendable {
    /// Empty texts take a destination away.
    package struct Destinations: Sendable {
        package var onSuccess: String?
        package var onFailure: String?

        package init(onSuccess: String? = nil, onFailure: String? = nil) {
            self.onSuccess = onSuccess
            self.onFailure = onFailure
        }
    }

    package var maximumRetryAttempts: Int?
    package var maximumEventAge: Int?
    package var destinations: Destinations?

    package init(maximumRetryAttempts: Int?, maximumEventAge: Int?, destinations: Destinations?) {
        self.maximumRetryAttempts = maximumRetryAttempts
        self.maximumEventAge = maximumEventAge
        self.destinations = destinations
    }

    /// The rules of AWS's service model.
    package func check() throws(LambdaError) {
        var violations = ConstraintViolations()
        if let maximumRetryAttempts {
            violations.checkRange(maximumRetryAttempts, at: "maximumRetryAttempts", Limits.eventRetries)
        }
        if let maximumEventAge {
            violations.checkRange(maximumEventAge, at: "maximumEventAgeInSeconds", Limits.eventAge)
        }
        for (path, text) in [
            ("destinationConfig.onSuccess.destination", destinations?.onSuccess),
            ("destinationConfig.onFailure.destination", destinations?.onFailure),
        ] {
            guard let text else { continue }
            if text.utf8.count > Destination.longest {
                violations.add(text, at: path, .lengthAtMost(Destination.longest))
            }
            if !Destination.fits(text) { violations.add(text, at: path, .pattern(Destination.pattern)) }
        }
        try violations.throwIfAny()
        if maximumRetryAttempts == nil, maximumEventAge == nil, destinations == nil {
            throw .emptyEventInvokeConfig
        }
    }
}

/// Where the record of an event goes, or the event itself when it could not be handled.
package enum Destination: Sendable, Hashable {
    case function(FunctionReference)
    case queue
    case topic
    case eventBus
    case bucket

    static let longest = 350
    static let pattern = #"""
        $|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|\#
        (-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)
        """#

    /// Nil when it is none that AWS takes.
    package init?(arn: String) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn" else { return nil }
        switch parts[2] {
        case "lambda":
            guard parts[5].hasPrefix("function:"), let function = FunctionNamePattern.any.match(arn) else { return nil }
            self = .function(function)
        case "sqs": self = .queue
        case "sns": self = .topic
        case "events": self = .eventBus
        case "s3": self = .bucket
        default: return nil
        }
    }

    /// Refuses a `DeadLetterConfig.TargetArn` that names neither a queue nor a topic, nor, here, a function.
    package static func checkDeadLetter(_ arn: String?) throws(LambdaError) {
        guard let arn, !arn.isEmpty else { return }
        var violations = ConstraintViolations()
        if !arn.hasPrefix("arn:") || !fits(arn) {
            violations.add(arn, at: "deadLetterConfig.targetArn", .pattern(deadLetterPattern))
        }
        try violations.throwIfAny()
        switch Destination(arn: arn) {
        case .queue, .topic, .function: return
        case .eventBus, .bucket, nil: throw .deadLetterInvalid(arn)
        }
    }

    private static let deadLetterPattern = #"""
        (arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*))|()
        """#

    /// Whether a text fits ``pattern``.
    static func fits(_ text: String) -> Bool {
        if text.isEmpty { return true }
        if text.hasPrefix("kafka://") {
            let name = text.dropFirst(8).utf8
            return !name.isEmpty && name.first != UInt8(ascii: ".") && name.count <= 249
                && name.dropFirst().allSatisfy { $0.isNameCharacter || $0 == UInt8(ascii: ".") }
        }
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), !parts[2].isEmpty else { return false }
        let isWord: (Substring) -> Bool = {
            $0.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
        }
        return isWord(parts[1]) && isWord(parts[2]) && (parts[3].isEmpty || FunctionNamePattern.isRegion(parts[3]))
            && (parts[4].isEmpty || (parts[4].utf8.count == 12 && parts[4].utf8.allSatisfy(\.isDigit)))
            && !parts[5].contains(where: \.isNewline)
    }
}
