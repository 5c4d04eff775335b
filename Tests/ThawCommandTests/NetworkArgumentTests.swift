import LinuxKit
import NetworkModel
import ServerAssembly
import Testing
import ThawCommand

@Suite struct NetworkArgumentTests {
    @Test(
        "an endpoint is an address, and if need be what lies behind it and for whom frames are there",
        arguments: [
            ("192.0.2.7", "192.0.2.7 0.0.0.0/0 02:54:48:41:57:fe"),
            ("192.0.2.7,10.0.0.0/8", "192.0.2.7 10.0.0.0/8 02:54:48:41:57:fe"),
            ("192.0.2.7,02:00:00:00:00:01", "192.0.2.7 0.0.0.0/0 02:00:00:00:00:01"),
            ("192.0.2.7,10.0.0.0/8,02:00:00:00:00:01", "192.0.2.7 10.0.0.0/8 02:00:00:00:00:01"),
            ("", nil), ("host", nil), ("192.0.2.7,", nil), ("192.0.2.7,10.0.0.1/8", nil), ("10.0.0.0/8", nil),
            ("192.0.2.7,02:00:00:00:00:01,10.0.0.0/8", nil), ("192.0.2.7,10.0.0.0/8,10.0.0.0/8", nil),
        ] as [(String, String?)])
    func endpoints(argument: String, expected: String?) {
        let endpoint = TunnelEndpoint(argument: argument)?.value
        #expect(endpoint.map { "\($0.address) \($0.destination) \($0.hardwareAddress)" } == expected)
    }

    @Test(
        "a range is two addresses in order",
        arguments: [
            ("10.1.0.1-10.1.0.9", "10.1.0.1 10.1.0.9"), ("10.1.0.1-10.1.0.1", "10.1.0.1 10.1.0.1"), ("10.1.0.1", nil),
            ("10.1.0.9-10.1.0.1", nil), ("-", nil), ("", nil), ("1.1.1.1-2.2.2.2-3.3.3.3", nil), ("a-b", nil),
        ] as [(String, String?)])
    func ranges(argument: String, expected: String?) {
        let range = AddressRange(argument: argument)?.range
        #expect(range.map { "\($0.lowerBound) \($0.upperBound)" } == expected)
    }

    @Test("a name server is host, none or an address")
    func argument() {
        #expect(NameServer(argument: "host") == .host)
        #expect(NameServer(argument: "none") == NameServer.none)
        #expect(NameServer(argument: "192.0.2.1") == .address(IPv4Address(192, 0, 2, 1)))
        #expect(NameServer(argument: "localhost") == nil)
        #expect(NameServer.none.address() == nil)
    }
}
