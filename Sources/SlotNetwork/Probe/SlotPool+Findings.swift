package import LinuxKit
internal import SystemPackage

extension SlotPool {
    /// What can be said about slots on this host: for `thaw doctor`. Tries everything; changes nothing.
    package static func findings(_ configuration: SlotConfiguration) async -> [HostFinding] {
        await BlockingThread.run { look(configuration) }
    }

    private static func look(_ configuration: SlotConfiguration) -> [HostFinding] {
        let slots = "network slots"
        do {
            let probe = try SlotProbe.run(configuration)
            return [
                .good(slots, "packets pass, by programs that are attached by \(probe.attachment.rawValue)"),
                networks(probe),
            ] + (configuration.egress == .masquerade ? [masquerading()] : [])
        } catch .unusableHost(let error, let remedy) {
            return [.failed(slots, "\(error)", remedy: remedy)]
        } catch {
            return [.failed(slots, "\(error)", remedy: "run thaw doctor again")]
        }
    }

    private static func networks(_ probe: SlotProbe) -> HostFinding {
        let name = "virtual networks"
        guard let failure = probe.tunnelFailure else { return .good(name, "packets pass, in VXLAN") }
        return .warning(
            name, "no function can use one: \(failure)", remedy: failure.remedy ?? "use a kernel with VXLAN")
    }

    private static func masquerading() -> HostFinding {
        do {
            // In a namespace of its own, which ends with it.
            let uplink = HostUplink(host: try NetworkNamespace.create(), instance: "probe")
            try uplink.filter(masquerading: SlotConfiguration.sharedAddressSpace)
            return .good("nft", "functions with egress have the host's address")
        } catch {
            return .warning(
                "nft", "\(error)", remedy: "apt-get install nftables, or start with --egress routed or none")
        }
    }
}
