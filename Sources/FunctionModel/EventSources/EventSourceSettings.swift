/// What a client says of an event source mapping, by the names that the API's JSON has.
///
/// Nil is what was not given, and is not shown.
package struct EventSourceSettings: Codable, Sendable, Equatable {
    package var eventSourceARN: String?
    package var batchSize: Int?
    package var maximumBatchingWindow: Int?
    package var parallelizationFactor: Int?
    package var startingPosition: String?
    /// Seconds since 1970.
    package var startingPositionTimestamp: Double?
    package var filterCriteria: FilterCriteria?
    package var destination: Destinations?
    package var maximumRecordAge: Int?
    package var bisectsBatch: Bool?
    package var maximumRetryAttempts: Int?
    package var tumblingWindow: Int?
    package var topics: [String]?
    package var queues: [String]?
    package var accessConfigurations: [AccessConfiguration]?
    package var selfManaged: SelfManagedSource?
    package var responseTypes: [String]?
    package var managedKafka: KafkaSettings?
    package var selfManagedKafka: KafkaSettings?
    package var scaling: Scaling?
    package var documentDB: DocumentDBSettings?
    package var keyARN: String?
    package var metrics: Metrics?
    package var logging: Logging?
    package var pollers: Pollers?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case eventSourceARN = "EventSourceArn"
        case batchSize = "BatchSize"
        case maximumBatchingWindow = "MaximumBatchingWindowInSeconds"
        case parallelizationFactor = "ParallelizationFactor"
        case startingPosition = "StartingPosition"
        case startingPositionTimestamp = "StartingPositionTimestamp"
        case filterCriteria = "FilterCriteria"
        case destination = "DestinationConfig"
        case maximumRecordAge = "MaximumRecordAgeInSeconds"
        case bisectsBatch = "BisectBatchOnFunctionError"
        case maximumRetryAttempts = "MaximumRetryAttempts"
        case tumblingWindow = "TumblingWindowInSeconds"
        case topics = "Topics"
        case queues = "Queues"
        case accessConfigurations = "SourceAccessConfigurations"
        case selfManaged = "SelfManagedEventSource"
        case responseTypes = "FunctionResponseTypes"
        case managedKafka = "AmazonManagedKafkaEventSourceConfig"
        case selfManagedKafka = "SelfManagedKafkaEventSourceConfig"
        case scaling = "ScalingConfig"
        case documentDB = "DocumentDBEventSourceConfig"
        case keyARN = "KMSKeyArn"
        case metrics = "MetricsConfig"
        case logging = "LoggingConfig"
        case pollers = "ProvisionedPollerConfig"
    }
}

/// The structures among the members.
extension EventSourceSettings {
    package struct FilterCriteria: Codable, Sendable, Equatable {
        package var filters: [Filter]?

        private enum CodingKeys: String, CodingKey {
            case filters = "Filters"
        }
    }

    package struct Filter: Codable, Sendable, Equatable {
        /// An ``EventPattern``, as text.
        package var pattern: String?

        package init(pattern: String?) { self.pattern = pattern }

        private enum CodingKeys: String, CodingKey {
            case pattern = "Pattern"
        }
    }

    package struct Destinations: Codable, Sendable, Equatable {
        package var onSuccess: Destination?
        package var onFailure: Destination?

        package init(onFailure: Destination?) { self.onFailure = onFailure }

        private enum CodingKeys: String, CodingKey {
            case onSuccess = "OnSuccess"
            case onFailure = "OnFailure"
        }
    }

    package struct Destination: Codable, Sendable, Equatable {
        package var destination: String?

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case destination = "Destination"
        }
    }

    package struct AccessConfiguration: Codable, Sendable, Equatable {
        package var type: String?
        package var uri: String?

        private enum CodingKeys: String, CodingKey {
            case type = "Type"
            case uri = "URI"
        }
    }

    package struct SelfManagedSource: Codable, Sendable, Equatable {
        package var endpoints: [String: [String]]?

        package static let bootstrapServers = "KAFKA_BOOTSTRAP_SERVERS"

        private enum CodingKeys: String, CodingKey {
            case endpoints = "Endpoints"
        }
    }

    package struct KafkaSettings: Codable, Sendable, Equatable {
        package var consumerGroupID: String?
        package var schemaRegistry: SchemaRegistry?

        package init(consumerGroupID: String?) { self.consumerGroupID = consumerGroupID }

        private enum CodingKeys: String, CodingKey {
            case consumerGroupID = "ConsumerGroupId"
            case schemaRegistry = "SchemaRegistryConfig"
        }
    }

    package struct SchemaRegistry: Codable, Sendable, Equatable {
        package var uri: String?
        package var recordFormat: String?
        package var access: [AccessConfiguration]?
        package var validation: [Validation]?

        package struct Validation: Codable, Sendable, Equatable {
            package var attribute: String?

            private enum CodingKeys: String, CodingKey {
                case attribute = "Attribute"
            }
        }

        private enum CodingKeys: String, CodingKey {
            case uri = "SchemaRegistryURI"
            case recordFormat = "EventRecordFormat"
            case access = "AccessConfigs"
            case validation = "SchemaValidationConfigs"
        }
    }

    package struct Scaling: Codable, Sendable, Equatable {
        package var maximumConcurrency: Int?

        private enum CodingKeys: String, CodingKey {
            case maximumConcurrency = "MaximumConcurrency"
        }
    }

    package struct DocumentDBSettings: Codable, Sendable, Equatable {
        package var databaseName: String?
        package var collectionName: String?
        package var fullDocument: String?

        private enum CodingKeys: String, CodingKey {
            case databaseName = "DatabaseName"
            case collectionName = "CollectionName"
            case fullDocument = "FullDocument"
        }
    }

    package struct Metrics: Codable, Sendable, Equatable {
        package var metrics: [String]?

        private enum CodingKeys: String, CodingKey {
            case metrics = "Metrics"
        }
    }

    package struct Logging: Codable, Sendable, Equatable {
        package var systemLogLevel: String?

        private enum CodingKeys: String, CodingKey {
            case systemLogLevel = "SystemLogLevel"
        }
    }

    package struct Pollers: Codable, Sendable, Equatable {
        package var minimum: Int?
        package var maximum: Int?
        package var group: String?

        private enum CodingKeys: String, CodingKey {
            case minimum = "MinimumPollers"
            case maximum = "MaximumPollers"
            case group = "PollerGroupName"
        }
    }
}
