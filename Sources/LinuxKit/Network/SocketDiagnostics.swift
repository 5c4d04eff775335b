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

    /// What is left of users in a namespace, as far as the kernel counts it.
    package struct Counts: Sendable, Equatable {
        /// Those in use, which packets or other sockets can reach: of every kind but netlink.
        package var sockets = 0
        /// Closed connections that are kept for late packets.
        package var timeWait = 0
        /// Packets of which fragments are missing.
        package var fragments = 0
    }

    /// The counts of the calling thread's namespace: /proc/net/protocols and /proc/net/sockstat of proc_net(5). What the latter says
    /// of all sockets is of no use here: a netlink socket is counted for some milliseconds after its end.
    package static func counts() throws(NetworkError) -> Counts {
        do {
            return Counts(
                protocols: try SmallFile.text("/proc/thread-self/net/protocols"),
                sockstat: try SmallFile.text("/proc/thread-self/net/sockstat"))
        } catch {
            throw NetworkError("count sockets", error)
        }
    }
}

extension SocketDiagnostics.Counts {
    init(protocols: String, sockstat: String) {
        // A header, then a line each: name, size, sockets, …
        for line in protocols.split(separator: "\n").dropFirst() {
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count > 2, words[0] != "NETLINK" else { continue }
            sockets += Int(words[2]) ?? 0
        }
        // "TCP: inuse 1 orphan 0 tw 2 alloc 3 mem 4": a name, then pairs of key and number.
        for line in sockstat.split(separator: "\n") {
            let words = line.split(separator: " ")
            func value(_ key: Substring) -> Int {
                words.firstIndex(of: key).flatMap { words.indices.contains($0 + 1) ? Int(words[$0 + 1]) : nil } ?? 0
            }
            switch words.first {
            case "TCP:": timeWait = value("tw")
            case "FRAG:": fragments = value("inuse")
            default: break
            }
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
