import LinuxKit
import SlotNetwork
import SystemPackage

/// What the network slots need.
extension HostChecks {
    static func network() -> [HostCheck] { [slotPrograms(), tapDevices(), packetFilter(), nameServer()] }

    private static func slotPrograms() -> HostCheck {
        do throws(SlotError) {
            try SlotPool.checkHost()
            return HostCheck("network slots", .good, "the kernel takes their programs")
        } catch {
            return HostCheck(
                "network slots", .failed, "\(error)",
                remedy:
                    "use a kernel of 5.10 or later with BPF_SYSCALL, NET_CLS_ACT and VETH; in a container, run it privileged"
            )
        }
    }

    private static func tapDevices() -> HostCheck {
        FileStatus.exists("/dev/net/tun")
            ? HostCheck("tap devices", .good, "/dev/net/tun")
            : HostCheck("tap devices", .failed, "there is no /dev/net/tun", remedy: "modprobe tun")
    }

    private static func packetFilter() -> HostCheck {
        FileStatus.exists(HostTools.packetFilter)
            ? HostCheck("nft", .good, "functions with egress can have the host's address")
            : HostCheck(
                "nft", .warning, "there is no \(HostTools.packetFilter)",
                remedy: "apt-get install nftables, or start with --egress routed or none")
    }

    private static func nameServer() -> HostCheck {
        NameServer.host.address().map {
            HostCheck("name server", .good, "functions with egress have names resolved by \($0)")
        }
            ?? HostCheck(
                "name server", .warning,
                "the host has none that others can ask: functions with egress resolve no names",
                remedy: "start with --name-server ADDRESS")
    }
}
