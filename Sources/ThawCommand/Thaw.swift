import ArgumentParser
import BaseImages
import Foundation
import ServerAssembly
import Terminal

/// The command.
package struct Thaw: AsyncParsableCommand {
    package init() {}

    package static let configuration = CommandConfiguration(
        commandName: "thaw",
        abstract: "Starts AWS Lambda functions from snapshots.",
        version: ShareDirectory.installedVersion(),
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [ServeCommand.self, ImageCommand.self, NetworkCommand.self]),
            CommandGroup(
                name: "Functions",
                subcommands: [
                    DeployCommand.self, InvokeCommand.self, LogsCommand.self, ListCommand.self,
                    RemoveCommand.self,
                ]),
            CommandGroup(
                name: "This host",
                subcommands: [DoctorCommand.self, SlotsCommand.self]),
        ])

    package static func main() async {
        let arguments = Arguments(environment: ProcessInfo.processInfo.environment)
        do {
            await main(try arguments.complete(Array(CommandLine.arguments.dropFirst())))
        } catch {
            Progress.say("Error: \(error)")
            exit(withError: ExitCode.validationFailure)
        }
    }
}
