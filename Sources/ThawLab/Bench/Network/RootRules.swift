import LinuxKit

/// Rules for every slot in the host's namespace: a chain of its own for each, and one after the other what sends a packet into
/// it, so that each packet passes those of all slots before its own.
package enum RootRules {
    /// In the slot's chain and in the one that leads to it.
    package static let perSlot = 30

    /// The link of slot `index`, counted from 0, and its address.
    static func link(_ index: Int) -> String { "od\(index)" }
    package static func address(_ index: Int) -> IPv4Address { IPv4Address(10, 192, 0, 1) + UInt32(index * 2) }

    private static let denied = [
        "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
    ]
    private static let deniedPorts = [
        22, 23, 25, 53, 67, 68, 69, 111, 123, 135, 137, 138, 139, 161, 179, 389, 445, 514, 1900, 3389,
    ]

    /// For nft -f.
    package static func text(slots: Int) -> String {
        var lines = ["table ip slots {"]
        for index in 0..<slots { lines += ["chain \(link(index)) {"] + chain(index) + ["}"] }
        lines += ["chain forward {", "type filter hook forward priority filter; policy drop;"]
        for index in 0..<slots { lines += ways(index) }
        return (lines + ["}", "}", ""]).joined(separator: "\n")
    }

    /// Sender, destinations and ports that a slot must not use; then what is left.
    package static func chain(_ index: Int) -> [String] {
        ["ip saddr != \(address(index)) drop"] + denied.map { "ip daddr \($0) drop" }
            + deniedPorts.map { "tcp dport \($0) drop" } + ["accept"]
    }

    /// Out of the slot and into it.
    package static func ways(_ index: Int) -> [String] {
        let link = link(index)
        return ["iifname \"\(link)\" jump \(link)", "oifname \"\(link)\" ip daddr \(address(index)) accept"]
    }
}
