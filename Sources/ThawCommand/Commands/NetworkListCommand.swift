import ArgumentParser
import Foundation
import NetworkModel
import ServerAssembly
import Terminal

struct NetworkListCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the virtual networks.")

    @OptionGroup var state: StateOptions
    @Flag(help: "One JSON array of objects with name, vni, subnet, addresses and endpoints.") var json = false

    @concurrent
    func run() async throws {
        let networks = try state.directory.networkStore().list()
        guard json else { return print(Table.networks(networks).text) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(networks), as: UTF8.self))
    }
}
