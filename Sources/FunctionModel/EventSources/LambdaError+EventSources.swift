/// What is wrong with an event source mapping.
extension LambdaError {
    package static let unknownEventSource = Self(code: .invalidParameterValue, message: "Unrecognized event source.")

    package static let eventSourceFunctionMissing = Self(
        code: .invalidParameterValue, message: "Function does not exist")

    package static let eventSourceMappingNotFound = Self(
        code: .resourceNotFound, message: "The resource you requested does not exist.")

    package static func taggedEventSourceMappingNotFound(_ arn: String) -> Self {
        .taggedResourceNotFound(TaggableResource.eventSourceMapping.rawValue, arn)
    }

    package static let invalidFilterPattern = Self(
        code: .invalidParameterValue, message: "Invalid filter pattern definition.")

    package static let batchingWindowNeeded = Self(
        code: .invalidParameterValue,
        message: "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")

    package static let accessConfigurationsMissing = Self(
        code: .invalidParameterValue, message: "Required 'sourceAccessConfigurations' parameter is missing.")

    package static let startingPositionOfQueue = Self(
        code: .invalidParameterValue, message: "StartingPosition is not valid for SQS event sources.")

    package static func unsupportedStartingPosition(_ arn: String) -> Self {
        Self(code: .invalidParameterValue, message: "Unsupported starting position for arn type: \(arn)")
    }

    /// - Parameter parameter: as the API names it.
    package static func unsupportedByEventSource(_ parameter: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "Unsupported \(parameter) parameter for given event source mapping type.")
    }

    package static func missingInEventSource(_ parameter: String) -> Self {
        Self(code: .invalidParameterValue, message: "Required '\(parameter)' parameter is missing.")
    }

    package static func invalidInEventSource(_ message: String) -> Self {
        Self(code: .invalidParameterValue, message: message)
    }

    /// The service that has the source refused it.
    ///
    /// - Parameters:
    ///   - type: the service's own name of why.
    ///   - message: its own words.
    package static func queueRefused(_ type: String, _ message: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "Error occurred while ReceiveMessage. SQS Error Code: \(type). SQS Error Message: \(message)")
    }

    package static func visibilityTooShort(seconds: Int, timeout: Int) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Queue visibility timeout: \(seconds) seconds is less than Function timeout: \(timeout) seconds
                """)
    }

    /// Another mapping has the source and the function already.
    package static func eventSourceMappingExists(
        _ mapping: EventSourceMapping, asked: EventSourceSettings, functionARN: String
    ) -> Self {
        let advice = "already exists. Please update or delete the existing mapping with UUID \(mapping.uuid)"
        let source = asked.sources.joined(separator: ",")
        let message =
            switch mapping.kind {
            case .sqs:
                #"An event source mapping with SQS arn (" \#(source) ") and function (" \#(mapping.functionName) ") \#(advice)"#
            case .managedKafka, .selfManagedKafka:
                """
                An event source mapping with event source ("\(source)"), function ("\(functionARN)"), \
                topics ("\((asked.topics ?? []).joined(separator: ","))") \(advice)
                """
            case .kinesis, .dynamoDB, .mq, .documentDB:
                """
                The event source arn (" \(source) ") and function (" \(mapping.functionName) ") provided mapping \(advice)
                """
            }
        return Self(code: .resourceConflict, message: message)
    }
}
