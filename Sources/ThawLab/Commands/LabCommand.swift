import ArgumentParser
import BaseImages
import ServerAssembly

/// The laboratory's command. It is for who builds Thaw: a package does not have it.
package struct LabCommand: AsyncParsableCommand {
    package init() {}

    package static let configuration = CommandConfiguration(
        commandName: "thaw-lab", abstract: "Measure Thaw, and show it, with servers of its own.",
        version: ShareDirectory.installedVersion(), subcommands: [BenchCommand.self, DemoCommand.self])
}
