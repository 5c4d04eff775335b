import LinuxKit
import SystemPackage

/// Who answers what functions with egress ask for names.
package enum NameServer: Sendable, Hashable {
    case none
    /// The first one of the host's that other hosts can ask, too.
    case host
    case address(IPv4Address)

    /// What resolv.conf(5) is; and where systemd-resolved, which writes only itself into that, has those that it asks.
    private static let files: [FilePath] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]

    /// Its address as it is now; nil when there is none.
    package func address() -> IPv4Address? {
        switch self {
        case .none: nil
        case .address(let address): address
        case .host:
            Self.files.lazy.compactMap { try? SmallFile.text($0) }.compactMap { Self.first(in: $0) }.first
        }
    }

    /// The first name server in the text of a resolv.conf(5) that is not the host's loopback, as that of a local resolver is.
    package static func first(in text: String) -> IPv4Address? {
        text.split(separator: "\n").lazy.compactMap { line -> IPv4Address? in
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 2, words[0] == "nameserver", let address = IPv4Address(String(words[1])),
                !loopback.contains(address)
            else { return nil }
            return address
        }.first
    }

    private static let loopback = IPv4Prefix(IPv4Address(127, 0, 0, 0), length: 8)
}
