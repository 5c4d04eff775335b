import AWSClients
import ArgumentParser

struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Delete functions with their versions and aliases, or single versions.")

    @Argument(help: "Functions; name:number is one version.") var functions: [FunctionArgument]
    @OptionGroup var server: ClientOptions

    @concurrent
    func run() async throws {
        try await server.with { client in
            for function in functions { try await client.delete(function.name, qualifier: function.qualifier) }
        }
    }
}
