import BaseImages
import Foundation
import FunctionModel
import Sandboxes
import SystemPackage

/// A function that is deployed to be measured, with an event and what the answer to it must contain.
package struct MeasuredFunction: Sendable {
    var name: String
    var runtime: String
    var handler: String
    var memorySize: Int
    var timeout: Int
    var environment: [String: String]
    var zip: [UInt8]
    var event: [UInt8]
    var expected: JSONValue
    var tags: [String: String] = [:]

    /// One of the examples that are installed with Thaw.
    static func example(_ name: String, in share: ShareDirectory) throws -> MeasuredFunction {
        let directory = share.examples.appending(name)
        guard FileManager.default.fileExists(atPath: directory.appending("function.zip").string) else {
            throw NoExample(name: name, directory: share.examples)
        }
        func file(_ name: String) throws -> Data {
            try Data(contentsOf: URL(filePath: directory.appending(name).string))
        }
        let form = try JSONDecoder().decode(Form.self, from: try file("function.json"))
        return MeasuredFunction(
            name: form.name, runtime: form.runtime, handler: form.handler, memorySize: form.memorySize,
            timeout: form.timeout, environment: form.environment?.variables ?? [:],
            zip: Array(try file("function.zip")),
            event: Array(try file("event.json")),
            expected: try JSONDecoder().decode(JSONValue.self, from: try file("expected.json")))
    }

    /// Python that gives its event back: what is measured is the platform's own share.
    package static func echo(name: String = "echo") -> MeasuredFunction {
        var zip = ZipWriter()
        zip.add("echo.py", Array("def handler(event, context):\n    return event\n".utf8))
        return MeasuredFunction(
            name: name, runtime: "python3.11", handler: "echo.handler", memorySize: 512, timeout: 30, environment: [:],
            zip: zip.archive, event: Array(#"{"echo":1}"#.utf8), expected: .object(["echo": .number(1)]))
    }

    /// The same in JavaScript, with a table that brings the process to the size of a usual one.
    static func nodeEcho(name: String = "node-echo") -> MeasuredFunction {
        var zip = ZipWriter()
        let code = """
            const table = new Map();
            for (let i = 0; i < 250000; i++) table.set(`key-${i}`, { number: i });
            exports.handler = async (event) => event;

            """
        zip.add("index.js", Array(code.utf8))
        return MeasuredFunction(
            name: name, runtime: "nodejs20.x", handler: "index.handler", memorySize: 512, timeout: 30, environment: [:],
            zip: zip.archive, event: Array(#"{"echo":1}"#.utf8), expected: .object(["echo": .number(1)]))
    }

    private struct Form: Decodable {
        enum CodingKeys: String, CodingKey {
            case name = "FunctionName"
            case runtime = "Runtime"
            case handler = "Handler"
            case memorySize = "MemorySize"
            case timeout = "Timeout"
            case environment = "Environment"
        }
        struct Environment: Decodable {
            enum CodingKeys: String, CodingKey { case variables = "Variables" }
            var variables: [String: String]?
        }
        var name: String
        var runtime: String
        var handler: String
        var memorySize: Int
        var timeout: Int
        var environment: Environment?
    }
}

/// A name that none of the examples has.
struct NoExample: Error, CustomStringConvertible {
    let name: String
    let directory: FilePath

    var description: String {
        "there is no example \(name) in \(directory). Run `make build`, or give the name of a directory there."
    }
}

/// An answer that is not what the function should have said.
struct WrongAnswer: Error, CustomStringConvertible {
    let function: String
    let answer: LambdaClient.Answer

    var description: String {
        let text = String(decoding: answer.payload.prefix(500), as: UTF8.self)
        return "\(function) gave a wrong answer\(answer.functionError.map { " (\($0))" } ?? ""): \(text)"
    }
}

extension MeasuredFunction {
    func check(_ answer: LambdaClient.Answer) throws {
        guard answer.functionError == nil,
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(answer.payload)), value.contains(expected)
        else { throw WrongAnswer(function: name, answer: answer) }
    }

    /// The same for an answer that came from the engine.
    func check(_ result: InvocationResult) throws {
        switch result {
        case .response(let payload): try check(LambdaClient.Answer(payload: payload, functionError: nil))
        case .streamed, .error:
            throw WrongAnswer(function: name, answer: LambdaClient.Answer(payload: [], functionError: "Unhandled"))
        }
    }
}
