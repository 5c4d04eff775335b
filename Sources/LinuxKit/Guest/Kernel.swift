internal import CLinux
import Glibc
package import SystemPackage

/// What process 1 asks of the kernel.
package enum Kernel {
    /// finit_module(2) of an uncompressed module file; one that is loaded already is fine.
    package static func loadModule(_ path: FilePath, parameters: String = "") throws(Errno) {
        let file = try OwnedDescriptor.open(path, .readOnly)
        do {
            try file.withRaw { raw throws(Errno) in _ = try shim { clinux_finit_module(raw, parameters, 0) } }
        } catch .fileExists {
        }
    }

    /// reboot(2) RB_POWER_OFF: ends a virtual machine. Returns only on failure.
    package static func powerOff() throws(Errno) {
        try syscall { reboot(CInt(bitPattern: UInt32(0x4321_FEDC))) }
    }

    /// reboot(2) RB_AUTOBOOT: a virtual machine started with `-no-reboot` ends. Returns only on failure.
    package static func restart() throws(Errno) {
        try syscall { reboot(CInt(bitPattern: UInt32(0x0123_4567))) }
    }

    /// random(4): mixes `bytes` (at most 512) into the kernel's generator, credits them as entropy, and makes every CPU draw
    /// a new key from it, so that what comes out afterwards is unlike that of any clone. Needs CAP_SYS_ADMIN.
    package static func reseedRandom(with bytes: [UInt8]) throws(Errno) {
        guard (1...512).contains(bytes.count) else { throw .invalidArgument }
        let device = try OwnedDescriptor.open("/dev/urandom", .readWrite)
        try device.withRaw { raw throws(Errno) in
            _ = try shim { clinux_random_add_entropy(raw, bytes, bytes.count) }
            _ = try shim { clinux_random_reseed(raw) }
        }
    }
}
