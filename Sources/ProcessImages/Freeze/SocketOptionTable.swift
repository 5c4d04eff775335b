import Glibc
import LinuxKit

/// The socket options that Linux has, and what becomes of each at a freeze. One that is as a new socket has it needs nothing; any other
/// that is not in the table is refused by its number.
enum SocketOptionTable {
    enum Fate: Equatable {
        /// Read, and set again as it was read.
        case carried
        /// SO_SNDBUF and SO_RCVBUF, of which the kernel tells twice what it was told. Only a size that the program chose is of any meaning:
        /// the bit of SO_BUF_LOCK.
        case carriedHalf(lock: UInt32)
        case refused
        /// No state of the socket's, or told by another option too.
        case passedOver
    }

    struct Rule {
        let name: SocketOptions.Name
        let title: String
        let fate: Fate
    }

    static let bufferLock = SocketOptions.Name(SOL_SOCKET, 72)
    /// Which the server has set for the connections that it accepts.
    static let noDelay = SocketOptions.Name(CInt(IPPROTO_TCP), 1)

    static let passedOver = Set(all.filter { $0.fate == .passedOver }.map(\.name))
    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// Of a connection that the server made anew: what a program chooses, and not what the connection has come to by itself.
    static let chosenForConnections: Set<SocketOptions.Name> = Set(
        [8, 7, 9, 10, 12, 13, 18, 20, 21, 26, 44].map { SocketOptions.Name(SOL_SOCKET, $0) }
            + [3, 4, 5, 6, 18].map { SocketOptions.Name(CInt(IPPROTO_TCP), $0) }
            + [SocketOptions.Name(CInt(IPPROTO_IP), 1)])

    static func isCarried(_ name: SocketOptions.Name) -> Bool {
        switch byName[name]?.fate {
        case .carried, .carriedHalf: true
        case .refused, .passedOver, nil: false
        }
    }

    /// SO_PRIORITY follows from IP_TOS until it is set, so the options of sockets come last.
    static func comesBefore(_ one: SocketOptions.Name, _ other: SocketOptions.Name) -> Bool {
        func rank(_ name: SocketOptions.Name) -> Int { name.level == SOL_SOCKET ? 1 : 0 }
        return (rank(one), one.level, one.number) < (rank(other), other.level, other.number)
    }

    private static let all: [Rule] =
        rules(
            SOL_SOCKET,
            carried: [
                2: "SO_REUSEADDR", 5: "SO_DONTROUTE", 6: "SO_BROADCAST", 9: "SO_KEEPALIVE", 10: "SO_OOBINLINE",
                11: "SO_NO_CHECK", 12: "SO_PRIORITY", 13: "SO_LINGER", 15: "SO_REUSEPORT", 16: "SO_PASSCRED",
                18: "SO_RCVLOWAT", 20: "SO_RCVTIMEO", 21: "SO_SNDTIMEO", 25: "SO_BINDTODEVICE",
                26: "SO_ATTACH_FILTER", 29: "SO_TIMESTAMP", 34: "SO_PASSSEC", 35: "SO_TIMESTAMPNS",
                37: "SO_TIMESTAMPING", 40: "SO_RXQ_OVFL", 41: "SO_WIFI_STATUS", 42: "SO_PEEK_OFF",
                44: "SO_LOCK_FILTER", 45: "SO_SELECT_ERR_QUEUE", 47: "SO_MAX_PACING_RATE",
                60: "SO_ZEROCOPY", 63: "SO_TIMESTAMP_NEW", 64: "SO_TIMESTAMPNS_NEW", 65: "SO_TIMESTAMPING_NEW",
                74: "SO_TXREHASH", 75: "SO_RCVMARK", 76: "SO_PASSPIDFD", 82: "SO_RCVPRIORITY", 83: "SO_PASSRIGHTS",
                84: "SO_INQ",
            ],
            refused: [
                1: "SO_DEBUG", 36: "SO_MARK", 43: "SO_NOFCS", 46: "SO_BUSY_POLL", 61: "SO_TXTIME",
                69: "SO_PREFER_BUSY_POLL", 70: "SO_BUSY_POLL_BUDGET", 73: "SO_RESERVE_MEM",
            ],
            // SO_TYPE, SO_ERROR, credentials, names and states of peers, numbers, limits; SO_INCOMING_CPU, which every packet sets; times
            // and devices told in two ways.
            passedOver: [
                3, 4, 17, 19, 28, 30, 31, 38, 39, 48, 49, 55, 56, 57, 59, 62, 66, 67, 71, 72, 77, 78, 79, 80,
            ])
        + [
            Rule(name: .init(SOL_SOCKET, 7), title: "SO_SNDBUF", fate: .carriedHalf(lock: 1)),
            Rule(name: .init(SOL_SOCKET, 8), title: "SO_RCVBUF", fate: .carriedHalf(lock: 2)),
        ]
        + rules(
            CInt(IPPROTO_IP),
            carried: [
                1: "IP_TOS", 2: "IP_TTL", 6: "IP_RECVOPTS", 7: "IP_RETOPTS", 8: "IP_PKTINFO", 10: "IP_MTU_DISCOVER",
                11: "IP_RECVERR", 12: "IP_RECVTTL", 13: "IP_RECVTOS", 15: "IP_FREEBIND", 18: "IP_PASSSEC",
                20: "IP_RECVORIGDSTADDR", 21: "IP_MINTTL", 23: "IP_CHECKSUM", 24: "IP_BIND_ADDRESS_NO_PORT",
                25: "IP_RECVFRAGSIZE", 26: "IP_RECVERR_RFC4884", 32: "IP_MULTICAST_IF", 33: "IP_MULTICAST_TTL",
                34: "IP_MULTICAST_LOOP", 49: "IP_MULTICAST_ALL", 50: "IP_UNICAST_IF", 51: "IP_LOCAL_PORT_RANGE",
            ],
            refused: [
                4: "IP_OPTIONS", 16: "IP_IPSEC_POLICY", 17: "IP_XFRM_POLICY", 19: "IP_TRANSPARENT", 22: "IP_NODEFRAG",
            ],
            // IP_PKTOPTIONS, IP_MTU, memberships (see Multicast), IP_PROTOCOL.
            passedOver: [9, 14, 41, 48, 52])
        + rules(
            CInt(IPPROTO_IPV6),
            carried: [
                2: "IPV6_2292PKTINFO", 3: "IPV6_2292HOPOPTS", 4: "IPV6_2292DSTOPTS", 5: "IPV6_2292RTHDR",
                8: "IPV6_2292HOPLIMIT", 11: "IPV6_FLOWINFO", 16: "IPV6_UNICAST_HOPS", 17: "IPV6_MULTICAST_IF",
                18: "IPV6_MULTICAST_HOPS", 19: "IPV6_MULTICAST_LOOP", 23: "IPV6_MTU_DISCOVER", 25: "IPV6_RECVERR",
                26: "IPV6_V6ONLY", 29: "IPV6_MULTICAST_ALL", 31: "IPV6_RECVERR_RFC4884", 33: "IPV6_FLOWINFO_SEND",
                49: "IPV6_RECVPKTINFO", 51: "IPV6_RECVHOPLIMIT", 53: "IPV6_RECVHOPOPTS", 56: "IPV6_RECVRTHDR",
                58: "IPV6_RECVDSTOPTS", 60: "IPV6_RECVPATHMTU", 62: "IPV6_DONTFRAG", 66: "IPV6_RECVTCLASS",
                67: "IPV6_TCLASS", 70: "IPV6_AUTOFLOWLABEL", 72: "IPV6_ADDR_PREFERENCES", 73: "IPV6_MINHOPCOUNT",
                74: "IPV6_RECVORIGDSTADDR", 76: "IPV6_UNICAST_IF", 77: "IPV6_RECVFRAGSIZE", 78: "IPV6_FREEBIND",
            ],
            refused: [
                7: "IPV6_CHECKSUM", 54: "IPV6_HOPOPTS", 55: "IPV6_RTHDRDSTOPTS", 57: "IPV6_RTHDR", 59: "IPV6_DSTOPTS",
                75: "IPV6_TRANSPARENT",
            ],
            // IPV6_2292PKTOPTIONS, IPV6_MTU, IPV6_FLOWLABEL_MGR, memberships, IPV6_PATHMTU.
            passedOver: [6, 24, 32, 48, 61])
        + rules(
            CInt(IPPROTO_TCP),
            carried: [
                1: "TCP_NODELAY", 2: "TCP_MAXSEG", 3: "TCP_CORK", 4: "TCP_KEEPIDLE", 5: "TCP_KEEPINTVL",
                6: "TCP_KEEPCNT", 7: "TCP_SYNCNT", 8: "TCP_LINGER2", 9: "TCP_DEFER_ACCEPT", 10: "TCP_WINDOW_CLAMP",
                13: "TCP_CONGESTION", 16: "TCP_THIN_LINEAR_TIMEOUTS", 17: "TCP_THIN_DUPACK", 18: "TCP_USER_TIMEOUT",
                23: "TCP_FASTOPEN", 25: "TCP_NOTSENT_LOWAT", 27: "TCP_SAVE_SYN", 30: "TCP_FASTOPEN_CONNECT",
                33: "TCP_FASTOPEN_KEY", 34: "TCP_FASTOPEN_NO_COOKIE", 36: "TCP_INQ", 37: "TCP_TX_DELAY",
                44: "TCP_RTO_MAX_MS", 45: "TCP_RTO_MIN_US", 46: "TCP_DELACK_MAX_US",
            ],
            refused: [19: "TCP_REPAIR", 31: "TCP_ULP", 40: "TCP_AO_INFO"],
            // TCP_INFO, TCP_QUICKACK (which does not last), repair's, the clock, received headers, keys, TCP_IS_MPTCP.
            passedOver: [11, 12, 20, 21, 22, 24, 26, 28, 29, 35, 41, 42, 43])
        + rules(
            CInt(IPPROTO_UDP),
            carried: [
                1: "UDP_CORK", 101: "UDP_NO_CHECK6_TX", 102: "UDP_NO_CHECK6_RX", 103: "UDP_SEGMENT", 104: "UDP_GRO",
            ], refused: [100: "UDP_ENCAP"], passedOver: [])

    private static func rules(
        _ level: CInt, carried: KeyValuePairs<CInt, String>, refused: KeyValuePairs<CInt, String>, passedOver: [CInt]
    ) -> [Rule] {
        carried.map { Rule(name: .init(level, $0.key), title: $0.value, fate: .carried) }
            + refused.map { Rule(name: .init(level, $0.key), title: $0.value, fate: .refused) }
            + passedOver.map { Rule(name: .init(level, $0), title: "", fate: .passedOver) }
    }
}
