import ArgumentParser

/// The command.
@main
struct Thaw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thaw",
        abstract: "Starts AWS Lambda functions from snapshots.",
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [ServeCommand.self, ImageCommand.self, NetworkCommand.self, LogsCommand.self]),
            CommandGroup(
                name: "This host",
                subcommands: [DoctorCommand.self, SlotsCommand.self, DemoCommand.self, BenchCommand.self]),
        ])
}
