import Foundation
import FunctionModel
import Testing

@Suite("Event source mappings") struct EventSourceTests {
    static let queue = #""EventSourceArn":"arn:aws:sqs:us-east-1:123456789012:q""#
    static let table =
        #""EventSourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000""#
    static let stream = #""EventSourceArn":"arn:aws:kinesis:us-east-1:123456789012:stream/s""#
    static let kafka = #""SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["k:1"]}}"#

    private func settings(_ members: String) throws -> EventSourceSettings {
        try JSONDecoder().decode(EventSourceSettings.self, from: Data("{\(members)}".utf8))
    }

    @Test(
        "the kind is what the source's ARN says",
        arguments: [
            (queue, EventSourceKind.sqs), (table, .dynamoDB), (stream, .kinesis), (kafka, .selfManagedKafka),
            (#""EventSourceArn":"arn:aws:kafka:us-east-1:123456789012:cluster/c/1""#, .managedKafka),
            (#""EventSourceArn":"arn:aws:mq:us-east-1:123456789012:broker:b:1""#, .mq),
            (#""EventSourceArn":"arn:aws:rds:us-east-1:123456789012:cluster:c""#, .documentDB),
            ("", nil), (#""EventSourceArn":"arn:aws:s3:::b""#, nil),
            (#""EventSourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/t""#, nil),
        ] as [(String, EventSourceKind?)])
    func kinds(members: String, kind: EventSourceKind?) throws {
        #expect(EventSourceKind(try settings(members)) == kind)
    }

    @Test("a stream's mapping shows what AWS takes for what is not given, a queue's less")
    func defaults() throws {
        let stream = try settings(#"\#(Self.stream),"StartingPosition":"LATEST","FilterCriteria":{"Filters":[]}"#)
            .withDefaults(of: .kinesis, uuid: "u")
        let text = String(decoding: try JSONEncoder.sorted.encode(stream), as: UTF8.self)
        #expect(
            text == #"""
                {"BatchSize":100,"BisectBatchOnFunctionError":false,"DestinationConfig":{"OnFailure":{}},\#
                "EventSourceArn":"arn:aws:kinesis:us-east-1:123456789012:stream/s","FunctionResponseTypes":[],\#
                "MaximumBatchingWindowInSeconds":0,"MaximumRecordAgeInSeconds":-1,"MaximumRetryAttempts":-1,\#
                "ParallelizationFactor":1,"StartingPosition":"LATEST","TumblingWindowInSeconds":0}
                """#)
        let queue = try settings(Self.queue).withDefaults(of: .sqs, uuid: "u")
        #expect(
            String(decoding: try JSONEncoder.sorted.encode(queue), as: UTF8.self) == #"""
                {"BatchSize":10,"EventSourceArn":"arn:aws:sqs:us-east-1:123456789012:q","FunctionResponseTypes":[],\#
                "MaximumBatchingWindowInSeconds":0}
                """#)
        let kafka = try settings(Self.kafka).withDefaults(of: .selfManagedKafka, uuid: "u")
        #expect(kafka.selfManagedKafka?.consumerGroupID == "u")
        #expect(kafka.startingPosition == "TRIM_HORIZON")
        #expect(kafka.maximumBatchingWindow == nil)
    }

    @Test(
        "Lambda's own refusals",
        arguments: [
            (
                #"\#(queue),"DestinationConfig":{"OnSuccess":{"Destination":"arn:aws:sqs:us-east-1:123456789012:o"}}"#,
                "Unsupported DestinationConfig parameter for given event source mapping type."
            ),
            (
                stream,
                """
                1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: \
                Member must not be null.
                """
            ),
            (
                #"\#(table),"StartingPosition":"AT_TIMESTAMP","StartingPositionTimestamp":1741010802"#,
                """
                Unsupported starting position for arn type: arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/\
                2026-01-01T00:00:00.000
                """
            ),
            (#"\#(queue),"StartingPosition":"LATEST""#, "StartingPosition is not valid for SQS event sources."),
            (
                #"\#(queue),"BatchSize":11"#,
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
            ),
            (#"\#(queue),"FilterCriteria":{"Filters":[{"Pattern":"null"}]}"#, "Invalid filter pattern definition."),
            (#"\#(queue),"FilterCriteria":{"Filters":[{}]}"#, "Invalid filter pattern definition."),
            (kafka, "Required 'sourceAccessConfigurations' parameter is missing."),
            (
                #"\#(queue),"ParallelizationFactor":2"#,
                "Unsupported ParallelizationFactor parameter for given event source mapping type."
            ),
        ] as [(String, String)])
    func refusals(members: String, message: String) throws {
        let given = try settings(members)
        let kind = try #require(EventSourceKind(given))
        try EventSourceValidation.checkModel(given)
        let error = #expect(throws: LambdaError.self) {
            try EventSourceValidation.check(given.withDefaults(of: kind, uuid: "u"), given: given, of: kind)
        }
        #expect(error == LambdaError(code: .invalidParameterValue, message: message))
    }

    @Test(
        "the service model's refusals",
        arguments: [
            (
                #""StartingPosition":"invalid""#,
                """
                1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must \
                satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]
                """
            ),
            (
                #""BatchSize":0,"ScalingConfig":{"MaximumConcurrency":1}"#,
                """
                2 validation errors detected: Value '0' at 'batchSize' failed to satisfy constraint: Member must have value \
                greater than or equal to 1; Value '1' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: \
                Member must have value greater than or equal to 2
                """
            ),
            (
                #""EventSourceArn":"queue""#,
                #"""
                1 validation error detected: Value 'queue' at 'eventSourceArn' failed to satisfy constraint: Member must \#
                satisfy regular expression pattern: \#
                arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)
                """#
            ),
        ] as [(String, String)])
    func model(members: String, message: String) throws {
        let given = try settings(members)
        let error = #expect(throws: LambdaError.self) { try EventSourceValidation.checkModel(given) }
        #expect(error == LambdaError(code: .validation, message: message))
    }
}

extension JSONEncoder {
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
