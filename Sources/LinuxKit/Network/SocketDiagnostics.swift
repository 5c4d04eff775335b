internal import Basics
internal import CLinux
import Glibc
internal import SystemPackage

/// The sockets of the calling thread's network namespace: sock_diag(7).
package struct SocketDiagnostics {
    private var session: NetlinkSession<NetlinkSocket>

    package init() throws(NetworkError) {
        session = NetlinkSession(transport: try NetlinkSocket(.socketDiagnostics))
    }

    /// Ends every TCP socket whatever its state, the ones that only wait for stray packets too (SOCK_DESTROY, Linux 4.5 and
    /// later). Returns how many there were.
    package mutating func destroyTCP() throws(NetworkError) -> Int {
        try destroyTCP(AF_INET) + destroyTCP(AF_INET6)
    }

    private mutating func destroyTCP(_ family: CInt) throws(NetworkError) -> Int {
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(family)
        request.sdiag_protocol = UInt8(IPPROTO_TCP)
        request.idiag_states = .max
        let listing = NetlinkRequest("list TCP sockets", Int(SOCK_DIAG_BY_FAMILY), flags: CInt(NLM_F_DUMP), request)
        let replies: [NetlinkReply]
        do { replies = try session.query(listing) } catch  where error.errno == .noSuchFileOrDirectory {
            return 0  // A kernel without IPv6.
        }
        let found = replies.compactMap { NetlinkReply.load(inet_diag_msg.self, from: $0.body, at: 0) }
        for socket in found {
            request.id = socket.id
            do {
                try session.perform([NetlinkRequest("end a TCP socket", Int(SOCK_DESTROY), request)])
            } catch  where error.errno == .noSuchFileOrDirectory {
                // It has gone by itself meanwhile.
            }
        }
        return found.count
    }

    /// How many sockets of the calling thread's namespace are in use, which packets or other sockets can reach: of every kind but
    /// netlink, by /proc/net/protocols of proc_net(5). What sockstat says of all is of no use here: a netlink socket is counted for
    /// some milliseconds after its end.
    package static func socketsInUse() throws(NetworkError) -> Int {
        let protocols = try rethrowing(try SmallFile.text("/proc/thread-self/net/protocols")) {
            NetworkError("count sockets", $0)
        }
        // A header, then a line each: name, size, sockets, …
        return protocols.split(separator: "\n").dropFirst().reduce(0) { sum, line in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count > 2, words[0] != "NETLINK" else { return sum }
            return sum + (Int(words[2]) ?? 0)
        }
    }
}

/// Connection tracking of the calling thread's network namespace.
package enum ConnectionTracking {
    /// How many connections are tracked; 0 where the kernel tracks none.
    package static func count() throws(NetworkError) -> Int {
        var session = NetlinkSession(transport: try NetlinkSocket(.netfilter))
        let type = Int(NFNL_SUBSYS_CTNETLINK) << 8 | Int(IPCTNL_MSG_CT_GET_STATS.rawValue)
        let request = NetlinkRequest("count tracked connections", type, nfgenmsg())
        let replies: [NetlinkReply]
        do { replies = try session.query(request) } catch {
            guard [.invalidArgument, .notSupported].contains(error.errno) else { throw error }
            return 0
        }
        let size = MemoryLayout<nfgenmsg>.size
        guard
            let value = replies.lazy.compactMap({ $0.attribute(CTA_STATS_GLOBAL_ENTRIES.rawValue, after: size) }).first
        else { return 0 }
        return value.reduce(0) { $0 << 8 | Int($1) }
    }
}
