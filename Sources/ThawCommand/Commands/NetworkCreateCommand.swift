import ArgumentParser
import LinuxKit
import NetworkModel
import ServerAssembly
import Terminal

struct NetworkCreateCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a virtual network.",
        discussion: """
            For example: thaw network create shop --vni 7001 --subnet 10.1.0.0/16 --endpoint 192.0.2.7
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The network's name: 1 to 40 lower-case letters, digits and hyphens.") var name: String
    @Option(help: "The network's identifier in the tunnel, 1 to 16777215. No two networks have the same.")
    var vni: UInt32
    @Option(help: "The network's addresses, for example 10.1.0.0/16. Networks may have the same.")
    var subnet: IPv4Prefix
    @Option(
        help: """
            Another end of the tunnel: ADDRESS[,PREFIX][,MAC], where PREFIX (0.0.0.0/0) is what lies behind it, and MAC \
            (02:54:48:41:57:fe) whom frames are for there. May be given several times.
            """)
    var endpoint: [TunnelEndpoint]
    @Option(
        help: """
            Those of the subnet's addresses that sandboxes on this host are given: FIRST-LAST. Default: the upper half \
            without the last.
            """)
    var addresses: AddressRange?

    @Option(
        name: .customLong("name-server"),
        help: "An address in the network that answers what functions ask for names. Default: nobody does.")
    var nameServer: IPv4Address?

    func validate() throws { _ = try network() }

    @concurrent
    func run() async throws {
        let network = try network()
        try state.directory.networkStore().create(network)
        print(Table.networks([network]).text)
    }

    private func network() throws -> VPCNetwork {
        let lengths = VPCNetwork.subnetLengths
        guard lengths.contains(subnet.length), let range = addresses?.range ?? VPCNetwork.defaultAddresses(of: subnet)
        else {
            throw ValidationError(
                "the length of --subnet must be \(lengths.lowerBound) to \(lengths.upperBound); \(subnet) was given")
        }
        let network = VPCNetwork(
            name: name, identifier: vni, subnet: subnet, addresses: range, endpoints: endpoint.map(\.value),
            nameServer: nameServer)
        if let fault = network.fault { throw ValidationError("the network '\(name)' \(fault)") }
        return network
    }
}

/// `ADDRESS[,PREFIX][,MAC]`
package struct TunnelEndpoint: ExpressibleByArgument {
    package let value: VPCNetwork.Endpoint

    package init?(argument: String) {
        var parts = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)[...]
        guard let address = parts.popFirst().flatMap(IPv4Address.init) else { return nil }
        var destination = IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0)
        var hardwareAddress = MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xFE)
        if let given = parts.first.flatMap(IPv4Prefix.init) {
            destination = given
            parts.removeFirst()
        }
        if let given = parts.first.flatMap(MACAddress.init) {
            hardwareAddress = given
            parts.removeFirst()
        }
        guard parts.isEmpty else { return nil }
        value = VPCNetwork.Endpoint(address: address, destination: destination, hardwareAddress: hardwareAddress)
    }
}

/// `FIRST-LAST`
package struct AddressRange: ExpressibleByArgument {
    package let range: ClosedRange<IPv4Address>

    package init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { IPv4Address(String($0)) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        range = first...last
    }
}

extension IPv4Address: ExpressibleByArgument {}
extension IPv4Prefix: ExpressibleByArgument {}
