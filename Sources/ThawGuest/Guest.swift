import Glibc
import GuestProtocol
import LinuxKit
import SystemPackage

/// The two ways this program runs.
enum Guest {
    /// The Runtime API's port on the guest's loopback address.
    static let runtimeAPIPort: UInt16 = 9001

    /// Process 1 of a microVM: never returns.
    static func runAsFirstProcess() -> Never {
        do throws(GuestError) {
            let port = try Boot.run()
            let supervisor = try supervise(port, duties: MachineDuties(), runtimeAPIPort: runtimeAPIPort)
            supervisor.run()
        } catch {
            Console.write("thaw guest: \(error.description)\n")
        }
        PowerSwitch.off()
    }

    /// `ThawGuest --control FD [--runtime-api-port PORT]`: everything but the machine, for tests. The descriptor is the
    /// host's end of a socket pair. Neither clock, entropy nor power of the machine it runs on are touched.
    static func runOnHost(_ arguments: [String]) -> CInt {
        guard let control = option("--control", arguments).flatMap({ CInt($0) }),
            let apiPort = UInt16(option("--runtime-api-port", arguments) ?? "0")
        else {
            Console.write(
                "ThawGuest is process 1 of a microVM. To test it: ThawGuest --control FD [--runtime-api-port PORT]\n")
            return 64
        }
        do throws(GuestError) {
            let descriptor = OwnedDescriptor(adopting: control)
            try GuestError.wrap("making the control descriptor nonblocking") { () throws(Errno) in
                try descriptor.setNonblocking()
            }
            let supervisor = try supervise(
                ControlPort(descriptor), duties: HostedDuties(), runtimeAPIPort: apiPort)
            supervisor.run()
            return 0
        } catch {
            Console.write("thaw guest: \(error.description)\n")
            return 1
        }
    }

    private static func supervise(
        _ port: ControlPort, duties: any Duties, runtimeAPIPort: UInt16
    ) throws(GuestError) -> Supervisor {
        do throws(Errno) {
            return try Supervisor(port: port, duties: duties, runtimeAPIPort: runtimeAPIPort)
        } catch {
            throw GuestError(doing: "starting the supervisor", errno: error)
        }
    }

    private static func option(_ name: String, _ arguments: [String]) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
        return arguments[index + 1]
    }
}

/// The kernel's console: for what goes wrong before the host can be told.
enum Console {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(2, $0.baseAddress, $0.count) }
    }
}
