import ArgumentParser
import LinuxKit
import SystemPackage

/// A command that works on a server's state directory, which environment and configuration name as well.
package protocol ConfiguredCommand: ParsableCommand {
    /// Whether it takes everything that a server can be configured with, or only where the state is.
    static var takesServerOptions: Bool { get }
}

extension ConfiguredCommand {
    static var takesServerOptions: Bool { false }
}

/// The arguments of a command with those that the configuration and the environment stand for before them: the last one counts.
package struct Arguments {
    let environment: [String: String]
    /// Read when no other is named and it is there.
    var standard = ConfigurationFile.standard

    package init(environment: [String: String], standard: FilePath = ConfigurationFile.standard) {
        self.environment = environment
        self.standard = standard
    }

    static let stateVariable = "THAW_STATE_DIR"

    package func complete(_ given: [String]) throws(ConfigurationError) -> [String] {
        let (command, count) = Self.command(given)
        let own = given.dropFirst(count)
        guard let command = command as? any ConfiguredCommand.Type, !own.contains(where: Self.asksAboutCommand) else {
            return given
        }
        var settings = try file(own)?.settings ?? []
        if !command.takesServerOptions { settings = settings.filter { $0.name == "state-dir" } }
        var added = settings.flatMap(\.arguments)
        if let directory = environment[Self.stateVariable], !directory.isEmpty {
            added.append("--state-dir=\(directory)")
        }
        return given.prefix(count) + added + own
    }

    private func file(_ arguments: ArraySlice<String>) throws(ConfigurationError) -> ConfigurationFile? {
        if let named = Self.fileNamed(in: arguments) { return try .read(FilePath(named)) }
        return FileStatus.exists(standard) ? try .read(standard) : nil
    }

    private static func fileNamed(in arguments: ArraySlice<String>) -> String? {
        var name: String?
        for (argument, next) in zip(arguments, Array(arguments.dropFirst()) + [""]) {
            if argument == "--config" { name = next }
            if argument.hasPrefix("--config=") { name = String(argument.dropFirst("--config=".count)) }
        }
        return name.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Such questions are answered whatever the configuration says.
    private static func asksAboutCommand(_ argument: String) -> Bool {
        ["-h", "-help", "--help", "--version"].contains(argument) || argument.hasPrefix("--experimental-")
            || argument.hasPrefix("--generate-completion-script")
    }

    /// The command that is named, and in how many words.
    private static func command(_ given: [String]) -> (command: any ParsableCommand.Type, words: Int) {
        var (command, words): (any ParsableCommand.Type, Int) = (Thaw.self, 0)
        while words < given.count,
            let next = command.configuration.subcommands.first(where: { $0._commandName == given[words] })
        {
            (command, words) = (next, words + 1)
        }
        return (command, words)
    }
}
