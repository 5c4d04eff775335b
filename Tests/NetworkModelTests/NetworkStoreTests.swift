import Foundation
import Glibc
import LinuxKit
import NetworkModel
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct NetworkStoreTests {
    static let endpoint = VPCNetwork.Endpoint(
        address: IPv4Address(192, 0, 2, 7), destination: IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0),
        hardwareAddress: MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xFE))

    static func network(
        _ name: String = "shop", _ identifier: UInt32 = 7001,
        subnet: IPv4Prefix = .init(.init(10, 1, 0, 0), length: 16),
        addresses: ClosedRange<IPv4Address> = IPv4Address(10, 1, 128, 0)...IPv4Address(10, 1, 255, 254),
        endpoints: [VPCNetwork.Endpoint] = [endpoint]
    ) -> VPCNetwork {
        VPCNetwork(name: name, identifier: identifier, subnet: subnet, addresses: addresses, endpoints: endpoints)
    }

    static func with(_ body: (NetworkStore, FilePath) throws -> Void) throws {
        try withScratchDirectory { directory in
            let networks = directory.appending("state").appending("networks")
            try body(NetworkStore(directory: networks), networks)
        }
    }

    static func expect(_ code: NetworkStoreError.Code, _ body: () throws(NetworkStoreError) -> Void) -> String {
        do throws(NetworkStoreError) {
            try body()
            Issue.record("nothing was thrown")
            return ""
        } catch {
            #expect(error.code == code)
            return error.description
        }
    }

    @Test("what was created is found by name, by this store and by others, until it is deleted")
    func lifecycle() throws {
        try Self.with { store, directory in
            #expect(try store.list().isEmpty)
            #expect(try store.network(named: "shop") == nil)
            let (shop, bank) = (Self.network(), Self.network("bank-2", 16_777_215))
            try store.create(shop)
            try store.create(bank)
            let other = NetworkStore(directory: directory)
            for _ in 0..<2 {
                #expect(try other.network(named: "shop") == shop)
                #expect(try other.network(named: "bank-2") == bank)
            }
            #expect(try other.list() == [bank, shop])
            try store.delete("shop")
            #expect(try other.network(named: "shop") == nil)
            #expect(try other.list() == [bank])
            let text = Self.expect(.notFound) { () throws(NetworkStoreError) in try other.delete("shop") }
            #expect(text == "there is no network 'shop' in \(directory)")
        }
    }

    @Test("a change by another process is seen at the next lookup")
    func changes() throws {
        try Self.with { store, directory in
            let other = NetworkStore(directory: directory)
            for identifier in UInt32(1)...20 {
                try other.create(Self.network("shop", identifier))
                #expect(try store.network(named: "shop")?.identifier == identifier)
                try other.delete("shop")
                if identifier % 2 == 0 { #expect(try store.network(named: "shop") == nil) }
            }
        }
    }

    @Test("a name or a VNI is one network's only")
    func taken() throws {
        try Self.with { store, _ in
            try store.create(Self.network())
            let name = Self.expect(.taken) { () throws(NetworkStoreError) in try store.create(Self.network("shop", 8)) }
            #expect(name == "there is a network 'shop' already")
            let number = Self.expect(.taken) { () throws(NetworkStoreError) in try store.create(Self.network("bank")) }
            #expect(number == "the VNI 7001 is that of the network 'shop'")
            #expect(try store.list() == [Self.network()])
        }
    }

    @Test("of many that create the same VNI at once, one does")
    func race() async throws {
        try await withScratchDirectory { directory in
            let created = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let store = NetworkStore(directory: directory.appending("networks"))
                        return await BlockingThread.run { (try? store.create(Self.network("n\(number)"))) != nil }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(created == 1)
        }
    }

    static func range(_ first: IPv4Address, _ last: IPv4Address) -> ClosedRange<IPv4Address> { first...last }

    static func reaching(
        _ address: IPv4Address, _ mac: MACAddress = endpoint.hardwareAddress
    ) -> VPCNetwork.Endpoint {
        VPCNetwork.Endpoint(address: address, destination: endpoint.destination, hardwareAddress: mac)
    }

    /// Each breaks one rule, and the error says which.
    static let invalid: [(VPCNetwork, String)] = [
        (network(""), "1 to 40 lower-case letters"), (network("Shop"), "1 to 40 lower-case letters"),
        (network("../etc"), "1 to 40 lower-case letters"), (network("a.b"), "1 to 40 lower-case letters"),
        (network("ä"), "1 to 40 lower-case letters"),
        (network(String(repeating: "a", count: 41)), "1 to 40 lower-case letters"),
        (network("a", 0), "VNI 0, which is not 1 to 16777215"), (network("a", 1 << 24), "VNI 16777216"),
        (network(subnet: .init(.init(10, 0, 0, 0), length: 7)), "length is not 8 to 29"),
        (network(subnet: .init(.init(10, 1, 0, 0), length: 30)), "length is not 8 to 29"),
        (network(subnet: .init(.init(10, 1, 0, 0), length: 32)), "length is not 8 to 29"),
        (network(subnet: .init(.init(0, 0, 0, 0), length: 0)), "length is not 8 to 29"),
        (network(subnet: .init(.init(169, 254, 0, 0), length: 24)), "overlaps 169.254.0.0/16"),
        (network(subnet: .init(.init(127, 0, 0, 0), length: 8)), "overlaps 127.0.0.0/8"),
        (network(subnet: .init(.init(239, 1, 0, 0), length: 16)), "overlaps 224.0.0.0/3"),
        (
            network(addresses: range(.init(10, 0, 255, 255), .init(10, 1, 0, 9))),
            "not all of it in 10.1.0.1-10.1.255.254"
        ),
        (network(addresses: range(.init(10, 1, 0, 1), .init(10, 2, 0, 0))), "not all of it in 10.1.0.1-10.1.255.254"),
        (network(addresses: range(.init(10, 1, 0, 0), .init(10, 1, 0, 9))), "not all of it"),
        (network(addresses: range(.init(10, 1, 0, 1), .init(10, 1, 255, 255))), "not all of it"),
        (network(endpoints: []), "no endpoint"),
        (network(endpoints: [endpoint, endpoint]), "two endpoints for 0.0.0.0/0"),
        (network(endpoints: [reaching(.init(0, 0, 0, 0))]), "0.0.0.0/8"),
        (network(endpoints: [reaching(.init(127, 0, 0, 1))]), "127.0.0.0"),
        (network(endpoints: [reaching(.init(224, 0, 0, 1))]), "224.0.0.0"),
        (network(endpoints: [reaching(.init(192, 0, 2, 7), MACAddress(1, 0, 0, 0, 0, 0))]), "names a group"),
    ]

    @Test("a network that breaks a rule is not stored, nor believed when it is on the disk", arguments: invalid)
    func refused(network: VPCNetwork, excerpt: String) throws {
        try Self.with { store, directory in
            let text = Self.expect(.invalid) { () throws(NetworkStoreError) in try store.create(network) }
            #expect(text.contains(excerpt), "\(text)")
            #expect(!FileStatus.exists(directory))
            try Self.plant(JSONEncoder().encode(network), in: directory)
            let read = Self.expect(.damaged) { () throws(NetworkStoreError) in _ = try store.network(named: "shop") }
            #expect(read.contains("\(directory)/shop.json"))
            #expect(read.contains(excerpt) || network.name != "shop", "\(read)")
        }
    }

    static func plant(_ content: some Sequence<UInt8>, in directory: FilePath) throws {
        for path in [directory.removingLastComponent(), directory] { try Directory.create(path, existingIsFine: true) }
        try DurableFile.write(content, to: directory.appending("shop.json"))
    }

    private static let good = """
        {"name": "shop", "vni": 7001, "subnet": "10.1.0.0/16", "addresses": {"first": "10.1.128.0", \
        "last": "10.1.255.254"}, "endpoints": [{"address": "192.0.2.7", "destination": "0.0.0.0/0", \
        "mac": "02:54:48:41:57:fe"}]}
        """

    @Test("a file of the first format can be read")
    func firstFormat() throws {
        try Self.with { store, directory in
            try Self.plant(Self.good.utf8, in: directory)
            #expect(try store.network(named: "shop") == Self.network())
        }
    }

    @Test(
        "a damaged file is an error that names it, and can be deleted",
        arguments: [
            ("", "not JSON of a network"), ("{", "not JSON"), ("[]", "not JSON of"), ("null", "not JSON of"),
            ("7", "not JSON of"), ("{}", "it lacks"),
            (good.replacing("7001", with: "-1"), "vni: -1 is no VNI"),
            (good.replacing("7001", with: "99999999999"), "vni: 99999999999 is no VNI"),
            (good.replacing("7001", with: "\"7001\""), "vni"), (good.replacing("7001", with: "1e999"), "not JSON of"),
            (good.replacing("10.1.0.0/16", with: "10.1.0.1/16"), "subnet: '10.1.0.1/16'"),
            (good.replacing("10.1.0.0/16", with: "10.1.0.0/99"), "subnet"),
            (good.replacing("10.1.128.0", with: "10.1.255.255"), "addresses.first: it comes after the last"),
            (good.replacing("10.1.128.0", with: "10.1.256.0"), "addresses.first"),
            (good.replacing("02:54", with: "zz:54"), "endpoints.0.mac"),
            (good.replacing("192.0.2.7", with: "host"), "endpoints.0.address: 'host'"),
            (good.replacing("shop", with: "bank"), "is called 'bank'"), (good + "}", "not JSON of"),
        ])
    func damaged(content: String, excerpt: String) throws {
        try Self.with { store, directory in
            try Self.plant(content.utf8, in: directory)
            let texts = [
                Self.expect(.damaged) { () throws(NetworkStoreError) in _ = try store.network(named: "shop") },
                Self.expect(.damaged) { () throws(NetworkStoreError) in _ = try store.list() },
                Self.expect(.damaged) { () throws(NetworkStoreError) in try store.create(Self.network("bank", 2)) },
            ]
            for text in texts {
                #expect(text.contains("\(directory)/shop.json does not hold a network"))
                #expect(text.contains(excerpt), "\(text)")
            }
            try store.delete("shop")
            try store.create(Self.network())
            #expect(try store.network(named: "shop") == Self.network())
        }
    }

    @Test("a file that is too deep or too large is an error too", arguments: [(100_000, "["), (300_000, " ")])
    func oversized(count: Int, character: String) throws {
        try Self.with { store, directory in
            try Self.plant(String(repeating: character, count: count).utf8, in: directory)
            let text = Self.expect(.damaged) { () throws(NetworkStoreError) in _ = try store.network(named: "shop") }
            #expect(text.contains(character == "[" ? "not JSON of" : "larger than 262144 bytes"), "\(text.prefix(200))")
        }
    }

    @Test("what is no regular file is not read, and no wait for it", arguments: ["pipe", "symlink", "directory"])
    func strange(kind: String) throws {
        try Self.with { store, directory in
            try store.create(Self.network("bank", 2))
            let path = directory.appending("shop.json")
            switch kind {
            case "pipe": #expect(mkfifo(path.string, 0o600) == 0)
            case "symlink": #expect(symlink("bank.json", path.string) == 0)
            default: try Directory.create(path)
            }
            let text = Self.expect(.damaged) { () throws(NetworkStoreError) in _ = try store.network(named: "shop") }
            #expect(text.contains("\(path) does not hold a network"))
        }
    }

    @Test(
        "names that are none are no networks, whatever lies there",
        arguments: ["", ".", "..", "../shop", "a/b", "SHOP"])
    func names(name: String) throws {
        try Self.with { store, _ in
            try store.create(Self.network())
            #expect(try store.network(named: name) == nil)
            _ = Self.expect(.notFound) { () throws(NetworkStoreError) in try store.delete(name) }
        }
    }

    @Test("files that are none of ours are left alone")
    func others() throws {
        try Self.with { store, directory in
            try store.create(Self.network())
            for name in [".shop.json.x1", "README", "UPPER.json", ".json"] {
                try DurableFile.write([0], to: directory.appending(name))
            }
            #expect(try store.list() == [Self.network()])
        }
    }

    @Test(
        "the addresses of this host are the upper half unless given",
        arguments: [
            ("10.1.0.0/16", "10.1.128.0-10.1.255.254"), ("10.0.0.0/8", "10.128.0.0-10.255.255.254"),
            ("192.168.7.8/29", "192.168.7.12-192.168.7.14"), ("10.0.0.0/30", nil), ("0.0.0.0/0", nil),
            ("1.2.3.4/32", nil),
        ] as [(String, String?)])
    func defaults(subnet: String, expected: String?) throws {
        let range = VPCNetwork.defaultAddresses(of: try #require(IPv4Prefix(subnet)))
        #expect(range.map { "\($0.lowerBound)-\($0.upperBound)" } == expected)
    }

    @Test("a lookup of what has not changed takes microseconds", .requiresSpeed)
    func cheap() throws {
        try Self.with { store, _ in
            try store.create(Self.network())
            _ = try store.network(named: "shop")
            let clock = ContinuousClock()
            var best = Duration.seconds(1)
            for _ in 0..<20 {
                let start = clock.now
                for _ in 0..<100 { _ = try store.network(named: "shop") }
                best = min(best, (clock.now - start) / 100)
            }
            // 2 µs; the bound leaves room for a busy machine.
            #expect(best < .microseconds(50), "\(best)")
        }
    }
}
