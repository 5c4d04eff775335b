import AWSClients
import ArgumentParser
import Foundation
import Terminal

struct InvokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke", abstract: "Invoke a function and print what it answers.",
        discussion: "Ends with status 1 when the function failed.")

    @Argument(help: "The function: its name, with a version or an alias after a colon.") var function: FunctionArgument
    @Argument(help: "The event, in JSON; @FILE reads it from a file, - from standard input.") var event = "{}"
    @Flag(name: .shortAndLong, help: "Show the end of the function's log, at standard error.") var logs = false
    @OptionGroup var server: ClientOptions

    @concurrent
    func run() async throws {
        let payload = try payload()
        let answer = try await server.with { client in
            try await client.invoke(function.name, qualifier: function.qualifier, payload: payload)
        }
        if logs, let text = answer.log, let log = Data(base64Encoded: text) {
            try FileHandle.standardError.write(contentsOf: log)
        }
        try FileHandle.standardOutput.write(contentsOf: Data(answer.payload + [UInt8(ascii: "\n")]))
        if answer.error != nil { throw ExitCode.failure }
    }

    private func payload() throws -> [UInt8] {
        if event == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
        guard event.hasPrefix("@") else { return Array(event.utf8) }
        return Array(try Data(contentsOf: URL(filePath: String(event.dropFirst()))))
    }
}
