internal import LinuxKit
internal import Logging
internal import SystemPackage

/// How a server gets the tunnel device of its hub, whose UDP port is the host's: others may have it.
struct TunnelMaking {
    let hub: Hub
    let port: UInt16

    /// The calling thread is in the hub. Nil when there is one now, with its program.
    /// - Parameter isPatient: whether to wait for a hub that has the port though nobody holds it any more.
    func make(for programs: KernelPrograms, isPatient: Bool = true) -> NetworkError? {
        do {
            do { try hub.makeTunnel(port: port) } catch  where error.isAboutPort && isPatient {
                // A hub that nobody holds any more has its port until the kernel comes to it.
                hub.removeTunnel()
                try NetworkNamespace.waitUntilTakenDown()
                try hub.makeTunnel(port: port)
            }
            try hub.attachTunnel(programs)
            return nil
        } catch {
            hub.removeTunnel()
            return error
        }
    }

    /// Where the port is somebody else's there is everything but virtual networks.
    static func warn(of failure: NetworkError, port: UInt16, _ logger: Logger) {
        var metadata: Logger.Metadata = ["port": "\(port)", "error": "\(failure)"]
        var text = "no function can use a virtual network: the kernel made no tunnel"
        if failure.isAboutPort {
            text =
                "no function can use a virtual network: the tunnels' UDP port is in use; choose another with --tunnel-port"
            if let holder = holder(of: port) { metadata["by"] = "\(holder)" }
        }
        logger.warning("\(text)", metadata: metadata)
    }

    /// The server whose slots have this port, as far as it is one of Thaw's.
    private static func holder(of port: UInt16, in directories: FilePath = SlotConfiguration.directories) -> String? {
        for instance in (try? Directory.entries(directories)) ?? [] {
            let keep = try? NamespaceKeep.find(in: directories.appending(instance).appending("slots"))
            guard let record = try? keep?.run({ () throws(NetworkError) in KeepRecord.read() }), record.hasTunnel,
                record.tunnelPort == port, record.layout == .direct
            else { continue }
            return "the slots of server \(instance); if it does not run, thaw slots clean takes them away"
        }
        return nil
    }
}

extension NamespaceKeep {
    /// Frees the tunnel's port of the hub that is kept here.
    func releasePort() {
        try? run { () throws(NetworkError) in
            guard let hub = try open(Hub.name) else { return }
            try NetworkNamespace.enter(hub)
            Hub(namespace: hub, host: hub).removeTunnel()
        }
    }
}

extension SlotGround {
    /// Makes the tunnel that could not be made before, if its port is free by now. Blocks for 1 ms.
    func retryTunnel() -> Bool {
        let isMade = try? keep.run { () throws(NetworkError) -> Bool in
            try NetworkNamespace.enter(hub.namespace)
            let making = TunnelMaking(hub: hub, port: record.tunnelPort)
            guard making.make(for: programs, isPatient: false) == nil else { return false }
            var record = record
            record.hasTunnel = true
            try record.write()
            return true
        }
        return isMade ?? false
    }
}

extension NetworkError {
    /// A tunnel of somebody else's, or another socket.
    fileprivate var isAboutPort: Bool { errno == .fileExists || errno == .addressInUse }
}
