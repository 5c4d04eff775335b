import AWSClients
import ArgumentParser
import Terminal

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List a server's functions.")

    @OptionGroup var server: ClientOptions

    @concurrent
    func run() async throws {
        let functions = try await server.with { client in try await client.list() }
        var table = Table(["FUNCTION", "RUNTIME", "MEMORY", "SNAPSTART", "CHANGED"])
        for function in functions {
            table.add([
                function.functionName, function.runtime ?? "-", function.memorySize.map { "\($0) MB" } ?? "-",
                function.snapStart?.applyOn ?? "None", function.lastModified ?? "-",
            ])
        }
        print(table.text)
    }
}
