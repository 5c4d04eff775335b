import Glibc
import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// Nobody begins anything with a function: what its guest did not ask for does not get to it, from wherever it comes.
@Suite(.requiresRoot, .serialized) struct StrangerTests {
    private static let port: UInt16 = 9000

    /// A datagram socket in a namespace.
    private static func datagrams(in namespace: SharedDescriptor, port: UInt16) throws(NetworkError) -> SharedDescriptor
    {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let socket = try TestSocket.make(TestSocket.datagram)
            try TestSocket.bind(socket, IPv4Address(rawValue: 0), port)
            return socket.shared()
        }
    }

    private static func send(
        _ bytes: [UInt8], from socket: SharedDescriptor, to address: IPv4Address, _ port: UInt16
    ) throws {
        let sent = socket.withRaw { raw in
            TestSocket.withAddress(address, port) { sendto(raw, bytes, bytes.count, 0, $0, $1) }
        }
        #expect(sent == bytes.count)
    }

    @Test(
        "datagrams, segments and echoes of others do not reach a function that has egress",
        arguments: SlotLayout.allCases, SlotWorld.attachments)
    func egress(layout: SlotLayout, attachment: ProgramAttachment) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            try await world.withPool(world.configuration(1, layout, attachment)) { pool in
                let slot = try await pool.claim()
                try slot.bind(.process, to: .egress)
                let outside = pool.outsideAddress(of: slot.index)
                let guest = try Self.datagrams(in: slot.openNamespace(), port: Self.port)
                let echo = try Self.datagrams(in: server, port: 53)
                for stranger in [world.host, server] {
                    let socket = try Self.datagrams(in: stranger, port: 4000)
                    try Self.send([1], from: socket, to: outside, Self.port)
                    #expect(TestSocket.connects(from: stranger, to: outside, Self.port) != nil)
                    #expect(try !Self.isAnswered(Frames.icmp(8, rest: 1, [1, 2]), by: outside, from: stranger))
                    let segment = Frames.tcp(
                        from: SlotWorld.serverAddress, to: outside, port: Self.port, flags: Frames.ack)
                    try Self.sendRaw(segment, CInt(IPPROTO_TCP), to: outside, from: stranger)
                }
                let dropped = try pool.ground.programs.maps.counters(of: slot.index).dropped[.inbound] ?? 0
                #expect(dropped >= 8)
                // The answer that it did ask for is the first that it gets.
                try Self.send([2], from: guest, to: SlotWorld.serverAddress, 53)
                #expect(try Self.echo(echo) == [2])
                #expect(try guest.descriptor.read(upTo: 10) == [2])
            }
        }
    }

    @Test("an answer to a slot's last tenant does not reach the next one", arguments: SlotLayout.allCases)
    func lateAnswer(layout: SlotLayout) async throws {
        try await SlotWorld.with { world in
            let server = try world.makeServer()
            try await world.withPool(world.configuration(1, layout)) { pool in
                let late = try Self.datagrams(in: server, port: 53)
                let first = try await pool.claim()
                try first.bind(.process, to: .egress)
                let outside = pool.outsideAddress(of: first.index)
                do {
                    let guest = try Self.datagrams(in: first.openNamespace(), port: Self.port)
                    try Self.send([1], from: guest, to: SlotWorld.serverAddress, 53)
                }
                await pool.release(first)
                let next = try await pool.claim()
                try next.bind(.process, to: .egress)
                let guest = try Self.datagrams(in: next.openNamespace(), port: Self.port)
                #expect(try Self.echo(late) == [1])
                #expect(guest.withRaw { raw in recv(raw, nil, 0, CInt(MSG_DONTWAIT)) } == -1)
                #expect(try pool.ground.programs.maps.counters(of: next.index).dropped == [.inbound: 1])
                #expect(pool.outsideAddress(of: next.index) == outside)
            }
        }
    }

    // MARK: - Others

    /// Sends back the next datagram that a socket gets.
    private static func echo(_ socket: SharedDescriptor) throws -> [UInt8] {
        var peer = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = socket.withRaw { raw in
            withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(raw, &buffer, buffer.count, 0, $0, &size)
                }
            }
        }
        guard count > 0 else { return [] }
        try send(
            Array(buffer.prefix(count)), from: socket,
            to: IPv4Address(rawValue: UInt32(bigEndian: peer.sin_addr.s_addr)),
            UInt16(bigEndian: peer.sin_port))
        return Array(buffer.prefix(count))
    }

    private static func sendRaw(
        _ bytes: [UInt8], _ number: CInt, to address: IPv4Address, from namespace: SharedDescriptor
    ) throws {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let socket = try TestSocket.make(TestSocket.raw, number)
            try TestSocket.connect(socket, address, 0)
            try TestSocket.attempt("send") { () throws(Errno) in _ = try socket.write(bytes) }
        }
    }

    private static func isAnswered(
        _ message: [UInt8], by address: IPv4Address, from namespace: SharedDescriptor
    ) throws -> Bool {
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            let socket = try TestSocket.make(TestSocket.raw, CInt(IPPROTO_ICMP))
            try TestSocket.connect(socket, address, 0)
            return try TestSocket.attempt("ping") { () throws(Errno) in
                _ = try socket.write(message)
                // Between namespaces an answer is there at once, or never.
                return try socket.wait(for: .readable, atMost: .milliseconds(50))
            }
        }
    }
}
