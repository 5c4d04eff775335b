/// Where the events of a mapping come from.
package enum EventSourceKind: String, Codable, Sendable, CaseIterable {
    case sqs
    case kinesis
    case dynamoDB
    case managedKafka
    case selfManagedKafka
    case mq
    case documentDB

    /// The kind of source that the members name; nil when it is none that AWS has.
    package init?(_ settings: EventSourceSettings) {
        guard let arn = settings.eventSourceARN else {
            guard settings.selfManaged != nil else { return nil }
            self = .selfManagedKafka
            return
        }
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        switch parts[2] {
        case "sqs": self = .sqs
        case "kinesis" where parts[5].hasPrefix("stream/"): self = .kinesis
        case "dynamodb" where parts[5].hasPrefix("table/") && parts[5].contains("/stream/"): self = .dynamoDB
        case "kafka": self = .managedKafka
        case "mq": self = .mq
        case "rds": self = .documentDB
        default: return nil
        }
    }

    /// How this server calls it, to people.
    package var title: String {
        switch self {
        case .sqs: "Amazon SQS"
        case .kinesis: "Amazon Kinesis"
        case .dynamoDB: "Amazon DynamoDB Streams"
        case .managedKafka: "Amazon MSK"
        case .selfManagedKafka: "Apache Kafka"
        case .mq: "Amazon MQ"
        case .documentDB: "Amazon DocumentDB"
        }
    }

    /// Whether its records are in shards that are read in order.
    package var isStream: Bool { self == .kinesis || self == .dynamoDB }

    package var isKafka: Bool { self == .managedKafka || self == .selfManagedKafka }

    /// Whether a mapping says what came of its last records.
    package var showsLastResult: Bool { self != .sqs }

    /// `StateTransitionReason` of what a client began; AWS's words differ from kind to kind.
    package var userAction: String { isStream ? "User action" : "USER_INITIATED" }

    /// `BatchSize` when none is given.
    var standardBatchSize: Int { self == .sqs ? 10 : 100 }
}

extension EventSourceSettings {
    /// The members as a new mapping shows them: what was not given is what AWS takes for it.
    package func withDefaults(of kind: EventSourceKind, uuid: String) -> Self {
        var all = self
        all.batchSize = batchSize ?? kind.standardBatchSize
        if filterCriteria?.filters?.isEmpty ?? true { all.filterCriteria = nil }
        switch kind {
        case .sqs:
            all.maximumBatchingWindow = maximumBatchingWindow ?? 0
            all.responseTypes = responseTypes ?? []
        case .kinesis, .dynamoDB:
            all.maximumBatchingWindow = maximumBatchingWindow ?? 0
            all.responseTypes = responseTypes ?? []
            all.parallelizationFactor = parallelizationFactor ?? 1
            all.bisectsBatch = bisectsBatch ?? false
            all.maximumRecordAge = maximumRecordAge ?? -1
            all.maximumRetryAttempts = maximumRetryAttempts ?? -1
            all.tumblingWindow = tumblingWindow ?? 0
            if destination?.onFailure == nil { all.destination = Destinations(onFailure: Destination()) }
        case .managedKafka:
            all.startingPosition = startingPosition ?? "TRIM_HORIZON"
            if managedKafka?.consumerGroupID == nil {
                all.managedKafka = (managedKafka ?? KafkaSettings(consumerGroupID: nil))
            }
            all.managedKafka?.consumerGroupID = managedKafka?.consumerGroupID ?? uuid
        case .selfManagedKafka:
            all.startingPosition = startingPosition ?? "TRIM_HORIZON"
            all.selfManagedKafka = selfManagedKafka ?? KafkaSettings(consumerGroupID: nil)
            all.selfManagedKafka?.consumerGroupID = selfManagedKafka?.consumerGroupID ?? uuid
        case .mq: break
        case .documentDB:
            all.documentDB?.fullDocument = documentDB?.fullDocument ?? "Default"
        }
        return all
    }

    /// The members after an update that gives some of them.
    package func updated(with given: Self) -> Self {
        var next = self
        if let value = given.batchSize { next.batchSize = value }
        if let value = given.maximumBatchingWindow { next.maximumBatchingWindow = value }
        if let value = given.parallelizationFactor { next.parallelizationFactor = value }
        if let value = given.filterCriteria { next.filterCriteria = value }
        if let value = given.destination { next.destination = value }
        if let value = given.maximumRecordAge { next.maximumRecordAge = value }
        if let value = given.bisectsBatch { next.bisectsBatch = value }
        if let value = given.maximumRetryAttempts { next.maximumRetryAttempts = value }
        if let value = given.tumblingWindow { next.tumblingWindow = value }
        if let value = given.accessConfigurations { next.accessConfigurations = value }
        if let value = given.responseTypes { next.responseTypes = value }
        if let value = given.managedKafka { next.managedKafka = value }
        if let value = given.selfManagedKafka { next.selfManagedKafka = value }
        // Empty takes the limit away.
        if let value = given.scaling { next.scaling = value.maximumConcurrency == nil ? nil : value }
        if let value = given.documentDB { next.documentDB = value }
        if let value = given.keyARN { next.keyARN = value }
        if let value = given.metrics { next.metrics = value }
        if let value = given.logging { next.logging = value }
        if let value = given.pollers { next.pollers = value }
        return next
    }

    /// What the source is known by: its ARN, or the addresses of its servers.
    package var sources: [String] {
        if let eventSourceARN { return [eventSourceARN] }
        return selfManaged?.endpoints?[SelfManagedSource.bootstrapServers] ?? []
    }
}
