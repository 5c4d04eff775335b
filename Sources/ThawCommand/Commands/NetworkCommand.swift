import ArgumentParser
import NetworkModel
import Terminal

struct NetworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Make, list and delete virtual networks that functions can be put into.",
        discussion: """
            A function is put into the network NAME by its VpcConfig (SubnetIds: subnet-NAME) or its tag \
            thaw:network=vpc:NAME. A running server sees every change at the next invocation.
            """,
        subcommands: [NetworkCreateCommand.self, NetworkListCommand.self, NetworkDeleteCommand.self])
}

extension Table {
    /// A row for each endpoint: that of a network's first says the rest of it.
    static func networks(_ networks: [VPCNetwork]) -> Table {
        var table = Table(
            ["NAME", "VNI", "SUBNET", "ADDRESSES", "NAME SERVER", "ENDPOINT", "DESTINATION", "MAC"], alignRight: [1])
        for network in networks {
            var about = [
                network.name, "\(network.identifier)", "\(network.subnet)",
                "\(network.addresses.lowerBound)-\(network.addresses.upperBound)",
                network.nameServer.map { "\($0)" } ?? "-",
            ]
            for endpoint in network.endpoints {
                table.add(about + ["\(endpoint.address)", "\(endpoint.destination)", "\(endpoint.hardwareAddress)"])
                about = Array(repeating: "", count: about.count)
            }
        }
        return table
    }
}
