/// The checks of event source mappings' members.
package enum EventSourceValidation {
    private static let positions = ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]
    private static let arnPattern =
        #"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)"#

    /// What AWS's service model says: everything that is wrong, at once.
    package static func checkModel(_ settings: EventSourceSettings) throws(LambdaError) {
        var violations = ConstraintViolations()
        if let arn = settings.eventSourceARN { violations.checkARN(arn, at: "eventSourceArn", arnPattern) }
        violations.check(settings.batchSize, at: "batchSize", 1...10_000)
        violations.check(settings.maximumBatchingWindow, at: "maximumBatchingWindowInSeconds", 0...300)
        violations.check(settings.parallelizationFactor, at: "parallelizationFactor", 1...10)
        violations.check(settings.startingPosition, at: "startingPosition", oneOf: positions)
        violations.check(settings.maximumRecordAge, at: "maximumRecordAgeInSeconds", -1...604_800)
        violations.check(settings.maximumRetryAttempts, at: "maximumRetryAttempts", -1...10_000)
        violations.check(settings.tumblingWindow, at: "tumblingWindowInSeconds", 0...900)
        violations.check(count: settings.topics, at: "topics", 1...1)
        violations.check(count: settings.queues, at: "queues", 1...1)
        if let configurations = settings.accessConfigurations { violations.checkAccess(configurations) }
        if let endpoints = settings.selfManaged?.endpoints {
            for (type, servers) in endpoints.sorted(by: { $0.key < $1.key }) {
                if type != EventSourceSettings.SelfManagedSource.bootstrapServers {
                    violations.add(
                        "[\(type)]", at: "selfManagedEventSource.endpoints",
                        .elements(
                            """
                            Map keys must satisfy constraint: [Member must satisfy enum value set: \
                            [\(EventSourceSettings.SelfManagedSource.bootstrapServers)], Member must not be null]
                            """))
                }
                violations.check(count: servers, at: "selfManagedEventSource.endpoints", 1...10)
            }
        }
        violations.checkEnumerated(
            settings.responseTypes, at: "functionResponseTypes", ["ReportBatchItemFailures"], atMost: 1)
        violations.check(settings.scaling?.maximumConcurrency, at: "scalingConfig.maximumConcurrency", 2...1_000)
        violations.check(
            settings.documentDB?.fullDocument, at: "documentDBEventSourceConfig.fullDocument",
            oneOf: ["UpdateLookup", "Default"])
        violations.checkEnumerated(
            settings.metrics?.metrics, at: "metricsConfig.metrics", ["EventCount", "ErrorCount", "KafkaMetrics"],
            atMost: 3)
        violations.check(
            settings.logging?.systemLogLevel, at: "loggingConfig.systemLogLevel", oneOf: ["DEBUG", "INFO", "WARN"])
        violations.check(settings.pollers?.minimum, at: "provisionedPollerConfig.minimumPollers", 1...200)
        violations.check(settings.pollers?.maximum, at: "provisionedPollerConfig.maximumPollers", 1...2_000)
        for filter in settings.filterCriteria?.filters ?? [] {
            guard let pattern = filter.pattern, pattern.utf16.count > 4_096 else { continue }
            violations.add(pattern, at: "filterCriteria.filters.pattern", .lengthAtMost(4_096))
        }
        try violations.throwIfAny()
    }

    /// What only Lambda itself knows, of the members that a mapping would have.
    ///
    /// - Parameter given: the members of the request, before others were added.
    package static func check(
        _ settings: EventSourceSettings, given: EventSourceSettings, of kind: EventSourceKind
    ) throws(LambdaError) {
        if given.destination?.onSuccess != nil || (given.destination != nil && kind == .sqs) {
            throw .unsupportedByEventSource("DestinationConfig")
        }
        try checkSupport(given, of: kind)
        try checkSource(settings, of: kind)
        try checkPosition(settings, of: kind)
        try checkBatching(settings, of: kind)
        for filter in settings.filterCriteria?.filters ?? [] {
            guard let pattern = filter.pattern, EventPattern(pattern) != nil else { throw .invalidFilterPattern }
        }
        if let age = settings.maximumRecordAge, (0..<60).contains(age) {
            throw .invalidInEventSource("MaximumRecordAgeInSeconds must be -1, or at least 60.")
        }
    }

    private static func checkSupport(
        _ given: EventSourceSettings, of kind: EventSourceKind
    ) throws(LambdaError) {
        let isQueue = kind == .sqs || kind == .mq
        let unsupported: [(String, Bool)] = [
            ("ParallelizationFactor", given.parallelizationFactor != nil && !kind.isStream),
            ("BisectBatchOnFunctionError", given.bisectsBatch != nil && isQueue),
            ("MaximumRecordAgeInSeconds", given.maximumRecordAge != nil && isQueue),
            ("MaximumRetryAttempts", given.maximumRetryAttempts != nil && isQueue),
            ("TumblingWindowInSeconds", given.tumblingWindow != nil && !kind.isStream),
            ("FunctionResponseTypes", !(given.responseTypes ?? []).isEmpty && kind == .mq),
            ("ScalingConfig", given.scaling?.maximumConcurrency != nil && kind != .sqs),
            ("Topics", given.topics != nil && !kind.isKafka),
            ("Queues", given.queues != nil && kind != .mq),
            ("AmazonManagedKafkaEventSourceConfig", given.managedKafka != nil && kind != .managedKafka),
            ("SelfManagedKafkaEventSourceConfig", given.selfManagedKafka != nil && kind != .selfManagedKafka),
            ("DocumentDBEventSourceConfig", given.documentDB != nil && kind != .documentDB),
        ]
        if let (name, _) = unsupported.first(where: \.1) { throw .unsupportedByEventSource(name) }
    }

    private static func checkSource(
        _ settings: EventSourceSettings, of kind: EventSourceKind
    ) throws(LambdaError) {
        switch kind {
        case .sqs, .kinesis, .dynamoDB: return
        case .managedKafka: if settings.topics == nil { throw .missingInEventSource("topics") }
        case .selfManagedKafka:
            if settings.accessConfigurations == nil { throw .accessConfigurationsMissing }
            if settings.topics == nil { throw .missingInEventSource("topics") }
        case .mq:
            if settings.queues == nil { throw .missingInEventSource("queues") }
            if settings.accessConfigurations == nil { throw .accessConfigurationsMissing }
        case .documentDB:
            if settings.documentDB?.databaseName == nil { throw .missingInEventSource("databaseName") }
            if settings.accessConfigurations == nil { throw .accessConfigurationsMissing }
        }
    }

    private static func checkPosition(
        _ settings: EventSourceSettings, of kind: EventSourceKind
    ) throws(LambdaError) {
        guard let position = settings.startingPosition else {
            guard kind.isStream || kind == .documentDB else { return }
            // Lambda itself words this as its front door would, with a full stop.
            throw .invalidInEventSource(
                """
                1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: \
                Member must not be null.
                """)
        }
        switch kind {
        case .sqs, .mq: throw .startingPositionOfQueue
        case .dynamoDB:
            if position == "AT_TIMESTAMP" { throw .unsupportedStartingPosition(settings.eventSourceARN ?? "") }
        case .kinesis, .managedKafka, .selfManagedKafka, .documentDB: break
        }
        if position == "AT_TIMESTAMP", settings.startingPositionTimestamp == nil {
            throw .missingInEventSource("startingPositionTimestamp")
        }
    }

    private static func checkBatching(
        _ settings: EventSourceSettings, of kind: EventSourceKind
    ) throws(LambdaError) {
        guard kind == .sqs, let size = settings.batchSize else { return }
        if settings.eventSourceARN?.hasSuffix(".fifo") == true {
            if size > 10 {
                throw .invalidInEventSource("Batch size of a FIFO queue must be less than or equal to 10.")
            }
            if settings.maximumBatchingWindow ?? 0 > 0 {
                throw .invalidInEventSource("Batching window is not supported for FIFO queues.")
            }
        } else if size > 10, settings.maximumBatchingWindow ?? 0 == 0 {
            throw .batchingWindowNeeded
        }
    }
}

extension ConstraintViolations {
    fileprivate mutating func check(_ value: Int?, at path: String, _ range: ClosedRange<Int>) {
        if let value { checkRange(value, at: path, range) }
    }

    fileprivate mutating func check(_ value: String?, at path: String, oneOf values: [String]) {
        if let value, !values.contains(value) { add(value, at: path, .oneOf(values)) }
    }

    fileprivate mutating func check(count list: [String]?, at path: String, _ range: ClosedRange<Int>) {
        guard let list else { return }
        let shown = "[\(list.joined(separator: ", "))]"
        if list.count < range.lowerBound { add(shown, at: path, .lengthAtLeast(range.lowerBound)) }
        if list.count > range.upperBound { add(shown, at: path, .lengthAtMost(range.upperBound)) }
    }

    fileprivate mutating func checkEnumerated(
        _ list: [String]?, at path: String, _ values: [String], atMost limit: Int
    ) {
        guard let list else { return }
        let shown = "[\(list.joined(separator: ", "))]"
        if list.count > limit { add(shown, at: path, .lengthAtMost(limit)) }
        if !list.allSatisfy(values.contains) {
            add(
                shown, at: path,
                .elements(
                    """
                    Member must satisfy constraint: [Member must satisfy enum value set: \
                    [\(values.joined(separator: ", "))], Member must not be null]
                    """))
        }
    }

    fileprivate mutating func checkAccess(_ list: [EventSourceSettings.AccessConfiguration]) {
        let types = [
            "BASIC_AUTH", "VPC_SUBNET", "VPC_SECURITY_GROUP", "SASL_SCRAM_512_AUTH", "SASL_SCRAM_256_AUTH",
            "VIRTUAL_HOST", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE",
        ]
        for (index, entry) in list.enumerated() {
            check(entry.type, at: "sourceAccessConfigurations.\(index + 1).member.type", oneOf: types)
        }
        if list.count > 22 { add("\(list.count)", at: "sourceAccessConfigurations", .lengthAtMost(22)) }
    }

    /// `arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)`
    fileprivate mutating func checkARN(_ arn: String, at path: String, _ pattern: String) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        let fits =
            parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && !parts[2].isEmpty
            && parts[1].utf8.allSatisfy(\.isNameCharacter) && parts[2].utf8.allSatisfy(\.isNameCharacter)
            && (parts[3].isEmpty || Self.isRegion(parts[3]))
            && (parts[4].isEmpty || (parts[4].utf8.count == 12 && parts[4].utf8.allSatisfy(\.isDigit)))
        if !fits { add(arn, at: path, .pattern(pattern)) }
    }

    private static func isRegion(_ text: Substring) -> Bool {
        let words = text.split(separator: "-", omittingEmptySubsequences: false)
        guard words.count == 3 || (words.count == 4 && words[1] == "gov"), words[0].utf8.count == 2,
            let number = words.last
        else { return false }
        return number.utf8.count == 1 && number.utf8.allSatisfy(\.isDigit)
            && words.dropLast().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (97...122).contains($0) } }
    }
}
