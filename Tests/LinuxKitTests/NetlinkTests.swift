import Glibc
import LinuxKit
import SystemPackage
import TestSupport
import Testing

/// Keeps what is sent and answers from a list.
private final class Recorded: NetlinkTransport {
    var sent: [[UInt8]] = []
    private var replies: [[UInt8]]

    init(_ replies: [[UInt8]]) { self.replies = replies }

    func send(_ datagram: [UInt8]) throws(Errno) { sent.append(datagram) }

    func receive() throws(Errno) -> [UInt8] {
        if replies.isEmpty { throw .resourceTemporarilyUnavailable }
        return replies.removeFirst()
    }
}

/// Little-endian words, the machine's own order here.
private func words(_ words: UInt32...) -> [UInt8] {
    words.flatMap { word in withUnsafeBytes(of: word.littleEndian, Array.init) }
}

/// nlmsghdr (length, NLMSG_ERROR with NLM_F_CAPPED, sequence, port), error, header of the request.
private func acknowledgement(_ sequence: UInt32, error: CInt = 0) -> [UInt8] {
    words(36, 2 | 0x100 << 16, sequence, 0, UInt32(bitPattern: -error), 0, 0, sequence, 0)
}

@Suite struct NetlinkTests {
    @Test("a link is brought up with these bytes")
    func bringUp() throws {
        let kernel = Recorded([acknowledgement(1)])
        var session = NetlinkSession(transport: kernel)
        try session.bringUp(.init(index: 7))
        // length, RTM_NEWLINK with REQUEST | ACK, sequence, port; family, index, IFF_UP, mask
        #expect(kernel.sent == [words(32, 16 | 5 << 16, 1, 0, 0, 7, 1, 1)])
    }

    @Test("an address is added with these bytes, and sequence numbers rise")
    func address() throws {
        let kernel = Recorded([acknowledgement(1), acknowledgement(2)])
        var session = NetlinkSession(transport: kernel)
        try session.bringUp(.init(index: 2))
        try session.addAddress(.init(169, 254, 0, 21), prefix: 30, to: .init(index: 2))
        // RTM_NEWADDR with REQUEST | ACK | EXCL | CREATE; AF_INET and prefix; index; IFA_LOCAL; IFA_ADDRESS
        let ip: [UInt8] = [169, 254, 0, 21]
        let expected =
            words(40, 20 | 0x605 << 16, 2, 0, 2 | 30 << 8, 2) + words(8 | 2 << 16) + ip + words(8 | 1 << 16) + ip
        #expect(kernel.sent.last == expected)
    }

    @Test("answers to other requests are passed over")
    func otherSequence() throws {
        let kernel = Recorded([acknowledgement(9, error: EEXIST), acknowledgement(0) + acknowledgement(1)])
        var session = NetlinkSession(transport: kernel)
        try session.bringUp(.init(index: 7))
    }

    @Test(
        "nonsense from the kernel is an error, never a crash or a loop",
        arguments: [
            [],  // end of file: no acknowledgement ever comes
            [1, 2, 3],  // shorter than a header
            words(0, 2, 1, 0),  // a length of zero
            words(8, 2, 1, 0),  // a length shorter than its own header
            words(400, 2, 1, 0),  // a length beyond the datagram
            words(16, 2, 1, 0),  // an error without its number
        ] as [[UInt8]])
    func nonsense(datagram: [UInt8]) {
        var session = NetlinkSession(transport: Recorded([datagram]))
        #expect(throws: NetworkError.self) { try session.bringUp(.init(index: 1)) }
    }

    @Test("the kernel's own words are in the error, and broken attributes are survived")
    func extendedAcknowledgement() {
        let text = Array("Link is busy\0\0\0\0".utf8)
        // NLM_F_CAPPED | NLM_F_ACK_TLVS; NLMSGERR_ATTR_MSG of 4 + 13 bytes
        let head = words(56, 2 | 0x300 << 16, 1, 0, UInt32(bitPattern: -EBUSY), 0, 0, 1, 0)
        var session = NetlinkSession(transport: Recorded([head + words(17 | 1 << 16) + text]))
        let failure = #expect(throws: NetworkError.self) { try session.bringUp(.init(index: 3)) }
        #expect(failure?.kernelMessage == "Link is busy" && failure?.errno == .resourceBusy)
        #expect(failure.map { "\($0)" }?.contains("bring link 3 up") == true)

        var other = NetlinkSession(transport: Recorded([head + words(9999 | 1 << 16) + text]))
        let silent = #expect(throws: NetworkError.self) { try other.bringUp(.init(index: 3)) }
        #expect(silent?.kernelMessage == nil && silent?.errno == .resourceBusy)
    }
}

@Suite(.requiresRoot) struct NetworkNamespaceTests {
    @Test("a namespace is empty, and what is done inside stays inside")
    func isolated() throws {
        let before = try SmallFile.text("/proc/thread-self/net/dev")
        let namespace = try NetworkNamespace.create()
        let (inside, addresses) = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let lo = try netlink.link(named: "lo")
            try netlink.addAddress(.init(10, 1, 2, 3), prefix: 24, to: lo)
            try netlink.bringUp(lo)
            try netlink.addRoute(to: .init(0, 0, 0, 0), prefix: 0, via: .init(10, 1, 2, 1), over: lo)
            return (
                try? SmallFile.text("/proc/thread-self/net/dev"), try? SmallFile.text("/proc/thread-self/net/fib_trie")
            )
        }
        #expect(inside?.split(separator: "\n").count == 3)
        #expect(addresses?.contains("10.1.2.3") == true)
        #expect(
            try SmallFile.text("/proc/thread-self/net/dev").split(separator: "\n").count
                == before.split(separator: "\n").count)
        #expect(try SmallFile.text("/proc/thread-self/net/fib_trie").contains("10.1.2.3") == false)
    }

    @Test("what the kernel refuses is an error that says what was asked")
    func refusals() throws {
        let namespace = try NetworkNamespace.create()
        let failure = #expect(throws: NetworkError.self) {
            try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                _ = try netlink.link(named: "nosuch")
            }
        }
        #expect(failure?.errno.rawValue == ENODEV)
        #expect(failure.map { "\($0)" }?.contains("find link nosuch") == true)
        let file = try OwnedDescriptor.open("/etc/passwd", .readOnly).shared()
        #expect(throws: NetworkError.self) { try NetworkNamespace.run(in: file) { () throws(NetworkError) in } }
    }

    @Test("a renamed link with another hardware address is found under its new name")
    func renaming() throws {
        let namespace = try NetworkNamespace.create()
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in try Tap.make(named: "before", index: 7) }
        let seen = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let link = try netlink.link(named: "before")
            try netlink.setHardwareAddress([2, 0x54, 0x48, 0x41, 0x57, 1], of: link)
            try netlink.rename(link, to: "after")
            return try netlink.link(named: "after") == link
        }
        #expect(seen)
    }

    @Test("after the wait for a namespace's end its interfaces are gone")
    func takenDown() throws {
        let here = try NetworkNamespace.create()
        func names() throws(NetworkError) -> [String] {
            try NetworkNamespace.run(in: here) { () throws(NetworkError) in
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                return try netlink.query(.dumpLinks()).compactMap(\.linkSummary?.name)
            }
        }
        do {
            let other = try NetworkNamespace.create()
            try NetworkNamespace.run(in: here) { () throws(NetworkError) in
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                let request = other.withRaw { raw in
                    NetlinkRequest.makeVeth(.init("near"), peer: .init("far", namespace: raw))
                }
                try netlink.perform([request])
            }
            try NetworkNamespace.waitUntilTakenDown()
            #expect(try names() == ["lo", "near"])
        }
        try NetworkNamespace.waitUntilTakenDown()
        #expect(try names() == ["lo"])
    }

    private static func namespaceWithTap() throws -> SharedDescriptor {
        let namespace = try NetworkNamespace.create()
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            try Tap.make(named: "tap0", index: 7)
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform(NetlinkRequest.bringUpWithoutIPv6(.init(index: 7)))
        }
        return namespace
    }

    @Test("a tap carries no frame of the kernel's own; it is open once at a time")
    func tap() throws {
        let namespace = try Self.namespaceWithTap()
        let tap = try Tap.open(named: "tap0", in: namespace)
        #expect(throws: NetworkError.self) { try Tap.open(named: "tap0", in: namespace).relinquish() }
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try tap.read(upTo: 2000) }
        #expect(try tap.write([UInt8](repeating: 0xFF, count: 60)) == 60)
        #expect(throws: NetworkError.self) {
            try Tap.open(named: "a name much too long", in: namespace).relinquish()
        }
    }

    /// Alone in its process: a child that another test starts at that moment would hold a copy until its execve.
    @Test("a tap outlives its descriptors, and can be opened again")
    func tapStays() async {
        await #expect(processExitsWith: .success) {
            let namespace = try Self.namespaceWithTap()
            for _ in 0..<3 {
                let tap = try Tap.open(named: "tap0", in: namespace)
                tap.withRaw { _ in }
            }
            let index = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
                var netlink = NetlinkSession(transport: try NetlinkSocket())
                return try netlink.link(named: "tap0").index
            }
            precondition(index == 7)
        }
    }
}
