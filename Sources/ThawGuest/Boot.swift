import Glibc
import GuestProtocol
import LinuxKit
import SystemPackage

/// From an initramfs to a root file system with a runtime in it.
///
/// The initramfs holds this program as /init and kernel modules as /modules/NN-name.ko. /proc has been mounted by
/// CGuestBoot before `main`.
enum Boot {
    private static let newRoot: FilePath = "/newroot"
    private static let controlPortName = "thaw.control"
    /// Devices appear when their drivers have probed; a device that has not by then will not.
    private static let deviceWait: UInt64 = 10_000_000_000

    /// Boots and opens the port to the host.
    static func run() throws(GuestError) -> ControlPort {
        try mountKernelFileSystems()
        openConsole()
        try loadModules()
        try mountDisks()
        populateDevices()
        try moveInto()
        try bringUpNetwork()
        return try openControlPort()
    }

    // MARK: - Steps

    private static func mountKernelFileSystems() throws(GuestError) {
        let flags: MountFlags = [.noSetUserID, .noExecution]
        if access("/proc/self", F_OK) != 0 {
            throw GuestError(doing: "mounting /proc", errno: .noSuchFileOrDirectory)
        }
        makeDirectory("/sys")
        makeDirectory("/dev")
        try mount("sysfs", on: "/sys", type: "sysfs", flags: [flags, .noDevices])
        try mount("devtmpfs", on: "/dev", type: "devtmpfs", flags: flags, data: "mode=0755")
    }

    /// Descriptors 0 to 2 must be taken before anything else opens a file; the kernel had no /dev/console to give.
    private static func openConsole() {
        while true {
            var descriptor = open("/dev/console", O_RDWR | O_NOCTTY)
            if descriptor < 0 { descriptor = open("/dev/null", O_RDWR) }
            if descriptor > 2 || descriptor < 0 {
                if descriptor > 2 { close(descriptor) }
                return
            }
        }
    }

    private static func loadModules() throws(GuestError) {
        let usesVsock = usesVsock
        for name in try GuestError.wrap("listing /modules", { () throws(Errno) in try Directory.entries("/modules") }) {
            let path = FilePath("/modules").appending(name)
            guard usesVsock || !name.contains("vsock") else {
                unlink(path.string)
                continue
            }
            try GuestError.wrap("loading the kernel module \(path)") { () throws(Errno) in try Kernel.loadModule(path) }
            // The initramfs is memory: what has been loaded is not needed again.
            unlink(path.string)
        }
    }

    private static func mountDisks() throws(GuestError) {
        makeDirectory(newRoot.string)
        try mount(try disk("root"), on: newRoot, type: "erofs", flags: [.readOnly, .noSetUserID])
        // A disk that is not there cannot be told from one that is not there yet.
        let arguments = bootArguments()
        if !arguments.contains(BootArgument.rootHasCode) {
            try mount(
                try disk("code"), on: newRoot.appending("var/task"), type: "erofs",
                flags: [.readOnly, .noSetUserID, .noDevices])
        }
        if arguments.contains(BootArgument.layers) {
            try mount(
                try disk("layers"), on: newRoot.appending("opt"), type: "erofs",
                flags: [.readOnly, .noSetUserID, .noDevices])
        }
        let scratch = newRoot.appending("tmp")
        try mount(try disk("scratch"), on: scratch, type: "ext4", flags: [.noSetUserID, .noDevices, .noAccessTime])
        guard chmod(scratch.string, 0o1777) == 0 else {
            throw GuestError(doing: "opening \(scratch) to everyone", errno: Errno(rawValue: errno))
        }
    }

    private static func populateDevices() {
        symlink("/proc/self/fd", "/dev/fd")
        symlink("/proc/self/fd/0", "/dev/stdin")
        symlink("/proc/self/fd/1", "/dev/stdout")
        symlink("/proc/self/fd/2", "/dev/stderr")
    }

    /// Moves the kernel's file systems along and makes the base image the root.
    private static func moveInto() throws(GuestError) {
        for name in ["dev", "sys", "proc"] {
            try mount("/\(name)", on: newRoot.appending(name), type: "", flags: [.move])
        }
        // This program's own file: it stays in memory until it ends, which it does not.
        unlink("/init")
        try GuestError.wrap("making \(newRoot) the root") { () throws(Errno) in try Mount.switchRoot(to: newRoot) }
    }

    private static func bringUpNetwork() throws(GuestError) {
        sethostname(RuntimeUser.hostName, RuntimeUser.hostName.utf8.count)
        try GuestNetwork.bringUp()
    }

    private static func openControlPort() throws(GuestError) -> ControlPort {
        if let number = bootArgument(BootArgument.vsock).flatMap({ UInt32($0) }) {
            let connect = { () throws(GuestError) in try connectToHost(port: number) }
            return ControlPort(try connect(), reopen: connect)
        }
        let ports: FilePath = "/sys/class/virtio-ports"
        let name = try eventually("finding the virtio-serial port \(controlPortName)") {
            entries(ports).first { line(of: ports.appending($0).appending("name")) == controlPortName }
        }
        return ControlPort(
            try GuestError.wrap("opening /dev/\(name)") { () throws(Errno) in
                try OwnedDescriptor.open(FilePath("/dev").appending(name), .readWrite, options: [.nonBlocking])
            })
    }

    private static func connectToHost(port: UInt32) throws(GuestError) -> OwnedDescriptor {
        try GuestError.wrap("connecting to port \(port) of the host") { () throws(Errno) in
            try VirtualSocket.connect(toHostPort: port)
        }
    }

    // MARK: - Helpers

    /// The virtio disk of this name, which is its serial number: the order of /dev/vd* means nothing, unless the host says what.
    private static func disk(_ serial: String) throws(GuestError) -> String {
        if let order = bootArgument(BootArgument.disks)?.split(separator: ","),
            let index = order.firstIndex(where: { $0 == serial })
        {
            let device = "/dev/vd\(Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(clamping: index))))"
            return try eventually("finding the disk \(serial)") { FileStatus.exists(FilePath(device)) ? device : nil }
        }
        let name = try eventually("finding the disk with serial \(serial)") {
            entries("/sys/block").first {
                $0.hasPrefix("vd") && line(of: FilePath("/sys/block/\($0)/serial")) == serial
            }
        }
        return "/dev/\(name)"
    }

    /// Asks again every 2 ms until there is an answer. Nothing announces these devices on a descriptor.
    private static func eventually<R>(_ doing: String, _ find: () -> R?) throws(GuestError) -> R {
        let start = MonotonicClock.now()
        while true {
            if let found = find() { return found }
            guard MonotonicClock.now() - start < deviceWait else {
                throw GuestError(doing: doing, errno: Errno(rawValue: ENODEV))
            }
            usleep(2000)
        }
    }

    private static func mount(
        _ source: String, on target: FilePath, type: String, flags: MountFlags, data: String = ""
    ) throws(GuestError) {
        try GuestError.wrap("mounting \(source) on \(target)") { () throws(Errno) in
            try Mount.mount(source, on: target, type: type, flags: flags, data: data)
        }
    }

    /// A directory that does not exist yet has no entries.
    private static func entries(_ path: FilePath) -> [String] { (try? Directory.entries(path)) ?? [] }

    private static func line(of path: FilePath) -> String? {
        (try? SmallFile.text(path)).map { String($0.prefix { $0 != "\n" }) }
    }

    private static func bootArguments() -> [String] {
        (line(of: "/proc/cmdline") ?? "").split(separator: " ").map(String.init)
    }

    static var usesVsock: Bool { bootArgument(BootArgument.vsock) != nil }

    /// The value of `name=value`.
    private static func bootArgument(_ name: String) -> String? {
        bootArguments().lazy.compactMap { $0.hasPrefix("\(name)=") ? String($0.dropFirst(name.count + 1)) : nil }.first
    }

    private static func makeDirectory(_ path: String) { mkdir(path, 0o755) }
}
