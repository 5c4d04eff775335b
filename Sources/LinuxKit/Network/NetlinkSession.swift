internal import Basics
internal import CLinux
import Glibc
package import SystemPackage

/// All a session needs from the kernel; tests supply recorded replies.
package protocol NetlinkTransport {
    func send(_ datagram: [UInt8]) throws(Errno)
    /// The next datagram; blocks until there is one.
    func receive() throws(Errno) -> [UInt8]
}

/// Changes links, addresses, routes and neighbours of one network namespace.
package struct NetlinkSession<Transport: NetlinkTransport> {
    /// An interface's index.
    package typealias Link = NetlinkRequest.Link

    private let transport: Transport
    private var sequence: UInt32 = 0

    package init(transport: Transport) {
        self.transport = transport
    }

    /// Has all requests carried out, in their order, in one system call, and waits for every answer.
    ///
    /// One that fails does not keep the kernel from those after it; the first failure is thrown.
    package mutating func perform(_ requests: [NetlinkRequest]) throws(NetworkError) {
        guard let first = requests.first else { return }
        let before = sequence
        var datagram: [UInt8] = []
        for request in requests {
            sequence += 1
            datagram += request.bytes(sequence: sequence)
        }
        try attempt(first.action) { () throws(Errno) in try transport.send(datagram) }
        var failure: NetworkError?
        var missing = requests.count
        while missing > 0 {
            // Late answers to a request that failed before carry its number, not one of ours.
            for reply in try receive(first.action) where reply.sequence > before && reply.sequence <= sequence {
                guard let outcome = reply.outcome else { continue }
                missing -= 1
                guard outcome.errno != 0, failure == nil else { continue }
                failure = requests[Int(reply.sequence - before) - 1].error(outcome.errno, outcome.message)
            }
        }
        if let failure { throw failure }
    }

    /// Sends one request and returns what the kernel answers before its acknowledgement, or before the end of a dump.
    @discardableResult
    package mutating func query(_ request: NetlinkRequest) throws(NetworkError) -> [NetlinkReply] {
        sequence += 1
        let action = request.action
        try attempt(action) { () throws(Errno) in try transport.send(request.bytes(sequence: sequence)) }
        var collected: [NetlinkReply] = []
        while true {
            for reply in try receive(action) where reply.sequence == sequence {
                if reply.type == UInt16(NLMSG_DONE) { return collected }
                guard let outcome = reply.outcome else {
                    collected.append(reply)
                    continue
                }
                if outcome.errno == 0 { return collected }
                throw request.error(outcome.errno, outcome.message)
            }
        }
    }

    /// Waits until the kernel says that `link` is gone; the socket must hear of links.
    package func waitForRemoval(of link: Link) throws(NetworkError) {
        while try !receive("wait for the end of link \(link.index)").contains(where: { $0.removedLink == link }) {}
    }

    /// Waits until the kernel says anything about a link; the socket must hear of links.
    func waitForChange() throws(NetworkError) {
        while try receive("wait for a change of a link").isEmpty {}
    }

    /// `ip link show dev NAME`.
    package mutating func link(named name: String) throws(NetworkError) -> Link {
        let request = NetlinkRequest.findLink(named: name)
        guard let index = try query(request).lazy.compactMap(\.linkIndex).first else {
            throw NetworkError(request.action, .operationNotSupportedByDevice)  // ENODEV
        }
        return Link(index: index)
    }

    package mutating func bringUp(_ link: Link) throws(NetworkError) { try perform([.change(link, .up)]) }

    package mutating func rename(_ link: Link, to name: String) throws(NetworkError) {
        try perform([.rename(link, to: name)])
    }

    package mutating func setHardwareAddress(_ address: [UInt8], of link: Link) throws(NetworkError) {
        try perform([.change(link, hardwareAddress: address)])
    }

    /// `ip link set dev LINK addrgenmode none`: the kernel gives it no IPv6 address and so sends nothing by itself.
    ///
    /// A kernel without IPv6 has nothing to disable, and that is fine.
    package mutating func disableIPv6Addresses(of link: Link) throws(NetworkError) {
        do {
            try perform([.change(link, generatesIPv6Addresses: false)])
        } catch {
            guard [.addressFamilyNotSupported, .notSupported].contains(error.errno) else { throw error }
        }
    }

    package mutating func addAddress(_ address: IPv4Address, prefix: UInt8, to link: Link) throws(NetworkError) {
        try perform([.addAddress(address, prefix: prefix, to: link)])
    }

    package mutating func addRoute(
        to destination: IPv4Address, prefix: UInt8, via gateway: IPv4Address, over link: Link
    ) throws(NetworkError) {
        try perform([.addRoute(to: IPv4Prefix(destination, length: prefix), via: gateway, over: link)])
    }

    private func receive(_ action: String) throws(NetworkError) -> [NetlinkReply] {
        let datagram = try attempt(action) { () throws(Errno) in try transport.receive() }
        guard let replies = NetlinkReply.parse(datagram) else { throw NetworkError(action, .badMessage) }
        return replies
    }

    private func attempt<R>(_ action: String, _ call: () throws(Errno) -> R) throws(NetworkError) -> R {
        return try rethrowing(try call()) { NetworkError(action, $0) }
    }
}
