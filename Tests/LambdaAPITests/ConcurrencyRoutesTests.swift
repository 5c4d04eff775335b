import FunctionModel
import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import Testing
import Worker

@Suite("Concurrency and event configurations on the wire")
struct ConcurrencyRoutesTests {
    static let functions = "/2015-03-31/functions/f"
    static let write = "/2017-10-31/functions/f/concurrency"
    static let read = "/2019-09-30/functions/f/concurrency"
    static let events = "/2019-09-25/functions/f/event-invoke-config"

    @Test("What is reserved is shown, also by GetFunction, until it is deleted")
    func reserved() async throws {
        let tester = APITester(FakeLambdaService(functions: [.sample()]))
        #expect(try await tester.send(.get, Self.read).text == "{}")
        let put = try await tester.send(.put, Self.write, body: #"{"ReservedConcurrentExecutions":3}"#)
        #expect(put.status == .ok && put.text == #"{"ReservedConcurrentExecutions":3}"#)
        #expect(try await tester.send(.get, Self.read).text == #"{"ReservedConcurrentExecutions":3}"#)
        let shown = try await tester.send(.get, Self.functions).json["Concurrency"]
        #expect(shown?.text == "{ReservedConcurrentExecutions: 3}")
        #expect(try await tester.send(.delete, Self.write).status == .noContent)
        #expect(try await tester.send(.get, Self.functions).json["Concurrency"] == nil)
    }

    @Test(
        "What is no number is refused",
        arguments: [
            (
                "{}",
                "Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null"
            ),
            (
                #"{"ReservedConcurrentExecutions":-1}"#,
                "Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must have value "
                    + "greater than or equal to 0"
            ),
        ])
    func reservedRefused(body: String, message: String) async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            .put, Self.write, body: body)
        #expect(response.header("x-amzn-ErrorType") == "ValidationException")
        #expect(try response.json["message"]?.text == "1 validation error detected: \(message)")
    }

    @Test("An event configuration shows both destinations, also where they are empty")
    func eventConfiguration() async throws {
        let tester = APITester(FakeLambdaService(functions: [.sample()]))
        let put = try await tester.send(.put, Self.events, body: #"{"MaximumRetryAttempts":0}"#)
        #expect(
            put.text
                == #"{"DestinationConfig":{"OnFailure":{},"OnSuccess":{}},"FunctionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST","LastModified":1768231928.25,"MaximumRetryAttempts":0}"#
        )
        let list = try await tester.send(.get, Self.events + "/list")
        #expect(list.text == #"{"FunctionEventInvokeConfigs":[\#(put.text)]}"#)
        let missing = try await tester.send(.get, Self.events + "?Qualifier=1")
        #expect(missing.status == .notFound)
        #expect(
            try missing.json["Message"]?.text
                == "The function arn:aws:lambda:us-east-1:123456789012:function:f:1 doesn't have an EventInvokeConfig")
    }

    static let pattern = #"""
        $|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|\#
        (-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)
        """#

    static let refused: [(String, String, String)] = [
        (
            "{}", "InvalidParameterValueException",
            "You must specify at least one of error handling or destination setting."
        ),
        (
            #"{"MaximumRetryAttempts":3}"#, "ValidationException",
            "1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: Member must "
                + "have value less than or equal to 2"
        ),
        (
            #"{"MaximumEventAgeInSeconds":59}"#, "ValidationException",
            "1 validation error detected: Value '59' at 'maximumEventAgeInSeconds' failed to satisfy constraint: Member "
                + "must have value greater than or equal to 60"
        ),
        (
            #"{"DestinationConfig":{"OnFailure":{"Destination":"arn:aws:_-/!lambda:us-east-1:123456789012:function:f"}}}"#,
            "ValidationException",
            "1 validation error detected: Value 'arn:aws:_-/!lambda:us-east-1:123456789012:function:f' at "
                + "'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular "
                + "expression pattern: \(pattern)"
        ),
    ]

    @Test("What cannot be configured is refused in AWS's words", arguments: refused)
    func eventConfigurationRefused(body: String, type: String, message: String) async throws {
        let response = try await APITester(FakeLambdaService(functions: [.sample()])).send(
            .put, Self.events, body: body)
        #expect(response.status.code == 400)
        #expect(response.header("x-amzn-ErrorType") == type)
        #expect(try response.json["message"]?.text == message)
    }
}
