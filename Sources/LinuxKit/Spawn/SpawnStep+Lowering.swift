internal import CLinux
import Glibc
internal import SystemPackage

extension SpawnStep: CustomStringConvertible {
    package var description: String {
        switch self {
        case .enterNamespace(_, let kind): "enter namespace (flags 0x\(String(kind.rawValue, radix: 16)))"
        case .mount(let source, let target, let type, let flags, _):
            flags.contains(.bind) ? "bind \(source) on \(target)" : "mount \(type) on \(target)"
        case .attach(_, let target): "attach mount at \(target)"
        case .restrictMount(let target, _, _): "restrict mount \(target)"
        case .detach(let target): "detach \(target)"
        case .pivotRoot(let target): "pivot root to \(target)"
        case .makeDirectory(let path, _): "make directory \(path)"
        case .makeFile(let path): "make file \(path)"
        case .makeDevice(let path, _, _, _): "make device \(path)"
        case .makeSymlink(_, let path): "make symlink \(path)"
        case .changeDirectory(let path): "change directory to \(path)"
        case .setting(let file, let value): "set \(file) to \(value)"
        case .hostName(let name): "set host name \(name)"
        case .newSession: "start session"
        case .fileModeMask: "set file mode mask"
        case .limit(let limit, let value): "limit \(limit) to \(value)"
        case .dropBoundingSet: "drop capability bounding set"
        case .identity(let user, let group, _): "become user \(user), group \(group)"
        case .clearCapabilities: "clear capabilities"
        case .keepCapability(let capability): "keep the capability \(capability) alone"
        case .noNewPrivileges: "set no_new_privs"
        case .parentDeathSignal(let signal): "set parent death signal \(signal)"
        case .systemCallFilter: "set system call filter"
        }
    }
}

extension SpawnStep {
    var usesDescriptor: Bool {
        switch self {
        case .enterNamespace, .attach: true
        default: false
        }
    }

    /// The step as the C interpreter reads it; what its pointers point to lives as long as `arena`.
    func lowered(in arena: borrowing SpawnArena) -> clinux_step {
        switch self {
        case .enterNamespace(let descriptor, let kind):
            return arena.step(
                CLINUX_STEP_SETNS, number: descriptor.withRaw { $0 }, flags: UInt64(kind.rawValue))
        case .mount(let source, let target, let type, let flags, let data):
            return arena.step(
                CLINUX_STEP_MOUNT, flags: UInt64(flags.rawValue), source: source, target: target.string, type: type,
                data: data)
        case .attach(let mount, let target):
            return arena.step(
                CLINUX_STEP_ATTACH_MOUNT, number: mount.descriptor.withRaw { $0 }, target: target.string)
        case .restrictMount(let target, let attributes, let recursive):
            return arena.step(
                CLINUX_STEP_MOUNT_ATTRIBUTES, number: recursive ? 1 : 0, flags: attributes.rawValue,
                target: target.string)
        case .detach(let target):
            return arena.step(CLINUX_STEP_UNMOUNT, flags: UInt64(MNT_DETACH), target: target.string)
        case .pivotRoot(let target): return arena.step(CLINUX_STEP_PIVOT_ROOT, target: target.string)
        case .makeDirectory(let path, let mode):
            return arena.step(CLINUX_STEP_MAKE_DIRECTORY, number: CInt(mode.rawValue), target: path.string)
        case .makeFile(let path): return arena.step(CLINUX_STEP_MAKE_FILE, number: 0o600, target: path.string)
        case .makeDevice(let path, let number, let user, let group):
            return arena.step(
                CLINUX_STEP_MAKE_DEVICE, number: 0o600, flags: number, target: path.string,
                integers: [CInt(bitPattern: user), CInt(bitPattern: group)])
        case .makeSymlink(let content, let path):
            return arena.step(CLINUX_STEP_SYMLINK, source: content.string, target: path.string)
        case .changeDirectory(let path): return arena.step(CLINUX_STEP_CHANGE_DIRECTORY, target: path.string)
        case .setting(let file, let value):
            return arena.step(CLINUX_STEP_SETTING, source: value, target: file.string)
        case .hostName, .newSession, .fileModeMask, .limit, .dropBoundingSet, .identity, .clearCapabilities,
            .keepCapability, .noNewPrivileges, .parentDeathSignal, .systemCallFilter:
            return loweredAttribute(in: arena)
        }
    }

    private static let filterInstructionBytes = 8

    /// The steps that touch no path.
    private func loweredAttribute(in arena: borrowing SpawnArena) -> clinux_step {
        switch self {
        case .hostName(let name): return arena.step(CLINUX_STEP_HOST_NAME, source: name)
        case .fileModeMask(let mask): return arena.step(CLINUX_STEP_FILE_MODE_MASK, number: CInt(mask.rawValue))
        case .limit(let limit, let value):
            return arena.step(CLINUX_STEP_RESOURCE_LIMIT, number: limit.rawValue, flags: value)
        case .dropBoundingSet: return arena.step(CLINUX_STEP_DROP_BOUNDING_SET)
        case .identity(let user, let group, let supplementary):
            return arena.step(
                CLINUX_STEP_IDENTITY, number: CInt(bitPattern: group), flags: UInt64(user),
                integers: supplementary.map(CInt.init(bitPattern:)))
        case .clearCapabilities: return arena.step(CLINUX_STEP_CLEAR_CAPABILITIES)
        case .keepCapability(let capability):
            return arena.step(CLINUX_STEP_KEEP_CAPABILITY, number: capability.rawValue)
        case .noNewPrivileges: return arena.step(CLINUX_STEP_NO_NEW_PRIVILEGES)
        case .parentDeathSignal(let signal): return arena.step(CLINUX_STEP_PARENT_DEATH_SIGNAL, number: signal)
        case .systemCallFilter(let program):
            var step = arena.step(CLINUX_STEP_FILTER)
            step.data = UnsafePointer(arena.bytes(program))
            step.integers_count = program.count / Self.filterInstructionBytes
            return step
        default: return arena.step(CLINUX_STEP_NEW_SESSION)
        }
    }
}

/// Memory for one lowered plan: everything handed out is freed when the arena goes.
struct SpawnArena: ~Copyable {
    private final class Blocks {
        var pointers: [UnsafeMutableRawPointer] = []
        deinit { pointers.forEach { $0.deallocate() } }
    }
    private let blocks = Blocks()

    func string(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { copy[index] = byte }
        blocks.pointers.append(UnsafeMutableRawPointer(copy))
        return copy
    }

    func bytes(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, bytes.count))
        for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
        blocks.pointers.append(UnsafeMutableRawPointer(copy))
        return copy
    }

    /// A null-terminated array, as execve(2) wants it.
    func strings(_ texts: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() { array[index] = string(text) }
        array[texts.count] = nil
        blocks.pointers.append(UnsafeMutableRawPointer(array))
        return array
    }

    func integers(_ values: [CInt]) -> UnsafePointer<CInt>? {
        guard !values.isEmpty else { return nil }
        let copy = UnsafeMutablePointer<CInt>.allocate(capacity: values.count)
        for (index, value) in values.enumerated() { copy[index] = value }
        blocks.pointers.append(UnsafeMutableRawPointer(copy))
        return UnsafePointer(copy)
    }

    func step(
        _ kind: clinux_step_kind, number: CInt = 0, flags: UInt64 = 0, source: String? = nil, target: String? = nil,
        type: String? = nil, data: String? = nil, integers values: [CInt] = []
    ) -> clinux_step {
        clinux_step(
            kind: kind.rawValue, number: number, flags: flags, source: source.map { UnsafePointer(string($0)) },
            target: target.map { UnsafePointer(string($0)) }, type: type.map { UnsafePointer(string($0)) },
            data: data.map { UnsafePointer(string($0)) }, integers: integers(values), integers_count: values.count)
    }
}
