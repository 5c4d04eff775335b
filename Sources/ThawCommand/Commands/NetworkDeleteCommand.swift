import ArgumentParser
import NetworkModel
import ServerAssembly

struct NetworkDeleteCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a virtual network.",
        discussion: """
            Functions that are in it cannot be invoked until they are taken out of it, or there is one of its name again.
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The network's name.") var name: String

    @concurrent
    func run() async throws { try state.directory.networkStore().delete(name) }
}
