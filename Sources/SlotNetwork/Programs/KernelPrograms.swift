internal import CLibbpf
internal import CSlotPrograms
import Glibc
internal import LinuxKit
internal import SystemPackage

/// The slots' programs and maps, loaded into the kernel: BPF/slots.bpf.c. Held by descriptors, and by names where they are pinned.
struct KernelPrograms: Sendable {
    enum Program: String, CaseIterable, Sendable {
        case hubFromSlot = "hub_from_slot"
        case hubFromUplink = "hub_from_uplink"
        case hubFromTunnel = "hub_from_tunnel"
        case hostFromHub = "host_from_hub"
        case directFromTap = "direct_from_tap"
        case directFromHub = "direct_from_hub"
        case bridgedFromTap = "bridged_from_tap"
        case bridgedFromStack = "bridged_from_stack"
        case bridgedFromTunnel = "bridged_from_tunnel"
        case hostFromTrunk = "host_from_trunk"
        case hostFromTunnel = "host_from_tunnel"
    }

    enum Map: String, CaseIterable, Sendable {
        case slots, counters, buckets, denied, routes, residents, trunks
    }

    private let programs: [Program: SharedDescriptor]
    let maps: SlotMaps

    /// Names the object's very bytes: what was pinned by another build is of no use to this one. FNV-1a, 64 bits.
    static var digest: String {
        let object = UnsafeRawBufferPointer(start: slot_programs_object(), count: Int(slot_programs_object_size()))
        let hash = object.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return String(hash, radix: 16)
    }

    func descriptor(of program: Program) -> SharedDescriptor {
        guard let descriptor = programs[program] else { preconditionFailure("every program is loaded") }
        return descriptor
    }

    // MARK: - Loading

    /// Loads everything anew. Takes 10 ms, most of it the kernel's verifier.
    static func load(_ settings: slot_settings) throws(NetworkError) -> KernelPrograms {
        libbpf_set_print(nil)
        guard let object = bpf_object__open_mem(slot_programs_object(), Int(slot_programs_object_size()), nil) else {
            throw NetworkError("read the slots' kernel programs", Errno(rawValue: errno))
        }
        // What is needed on is duplicated; the object's own descriptors go with it.
        defer { bpf_object__close(object) }
        var settings = settings
        try check("set the constants of the slots' kernel programs") {
            bpf_map__set_initial_value(
                bpf_object__find_map_by_name(object, ".rodata.settings"), &settings, MemoryLayout<slot_settings>.size)
        }
        let trunks = settings.count / max(1, settings.trunk_size) + 1
        for (map, size) in [
            (Map.slots, settings.count), (.counters, settings.count), (.buckets, settings.count), (.trunks, trunks),
        ] {
            try check("size a map of the slots") {
                bpf_map__set_max_entries(bpf_object__find_map_by_name(object, map.rawValue), size)
            }
        }
        try check("load the slots' kernel programs (a kernel with CONFIG_BPF_SYSCALL is needed, 5.10 or later)") {
            bpf_object__load(object)
        }
        var programs: [Program: SharedDescriptor] = [:]
        for program in Program.allCases {
            programs[program] = try duplicate(
                bpf_program__fd(bpf_object__find_program_by_name(object, program.rawValue)), program.rawValue)
        }
        var maps: [Map: SharedDescriptor] = [:]
        for map in Map.allCases {
            maps[map] = try duplicate(bpf_map__fd(bpf_object__find_map_by_name(object, map.rawValue)), map.rawValue)
        }
        return KernelPrograms(programs: programs, maps: try SlotMaps(maps))
    }

    private static func duplicate(_ raw: CInt, _ name: String) throws(NetworkError) -> SharedDescriptor {
        do throws(Errno) { return try OwnedDescriptor { fcntl(raw, F_DUPFD_CLOEXEC, 0) }.shared() } catch {
            throw NetworkError("keep \(name) of the slots' kernel programs", error)
        }
    }

    // MARK: - Pinning

    /// Gives everything a name in a bpf file system: it stays loaded when this process ends.
    func pin(in directory: FilePath) throws(NetworkError) {
        for (program, descriptor) in programs { try Self.pin(descriptor, directory.appending(program.rawValue)) }
        for (map, descriptor) in maps.descriptors { try Self.pin(descriptor, directory.appending(map.rawValue)) }
    }

    private static func pin(_ descriptor: SharedDescriptor, _ path: FilePath) throws(NetworkError) {
        try check("pin \(path)") { descriptor.withRaw { raw in path.withPlatformString { bpf_obj_pin(raw, $0) } } }
    }

    /// What ``pin(in:)`` named.
    static func pinned(in directory: FilePath) throws(NetworkError) -> KernelPrograms {
        var programs: [Program: SharedDescriptor] = [:]
        for program in Program.allCases { programs[program] = try open(directory.appending(program.rawValue)) }
        return KernelPrograms(programs: programs, maps: try pinnedMaps(in: directory))
    }

    /// The maps alone, for whoever only looks.
    static func pinnedMaps(in directory: FilePath) throws(NetworkError) -> SlotMaps {
        var maps: [Map: SharedDescriptor] = [:]
        for map in Map.allCases { maps[map] = try open(directory.appending(map.rawValue)) }
        return try SlotMaps(maps)
    }

    private static func open(_ path: FilePath) throws(NetworkError) -> SharedDescriptor {
        OwnedDescriptor(adopting: try check("open \(path)") { path.withPlatformString { bpf_obj_get($0) } }).shared()
    }

    // MARK: - Attaching

    /// Which way a program looks on its interface.
    enum Hook: Sendable {
        case ingress, egress

        /// BPF_TCX_INGRESS and BPF_TCX_EGRESS of linux/bpf.h since 6.6, which is younger than Debian 12's headers.
        fileprivate var type: bpf_attach_type { bpf_attach_type(rawValue: self == .ingress ? 46 : 47) }
        fileprivate var point: bpf_tc_attach_point { self == .ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS }
    }

    /// Has the program see every frame at an interface of the calling thread's network namespace, for as long as the interface
    /// exists: a slot is at no time without its policy, whoever dies. By tcx, and by the older clsact on kernels before 6.6.
    func attach(_ program: Program, to link: NetlinkRequest.Link, _ hook: Hook) throws(NetworkError) {
        let descriptor = descriptor(of: program)
        let outcome = descriptor.withRaw { bpf_prog_attach($0, link.index, hook.type, 0) }
        guard outcome < 0 else { return }
        let action = "attach \(program.rawValue) to link \(link.index)"
        guard outcome == -EINVAL || outcome == -ENOTSUP else { throw NetworkError(action, Errno(rawValue: -outcome)) }
        var tc = bpf_tc_hook()
        tc.sz = MemoryLayout<bpf_tc_hook>.size
        tc.ifindex = link.index
        tc.attach_point = hook.point
        var options = bpf_tc_opts()
        options.sz = MemoryLayout<bpf_tc_opts>.size
        let created = bpf_tc_hook_create(&tc)
        guard created == 0 || created == -EEXIST else { throw NetworkError(action, Errno(rawValue: -created)) }
        try Self.check(action) {
            descriptor.withRaw { raw in
                options.prog_fd = raw
                return bpf_tc_attach(&tc, &options)
            }
        }
    }

    /// The same for as long as the descriptor that is returned is open: for interfaces that are not ours. Linux 6.6 or later.
    func link(_ program: Program, to link: NetlinkRequest.Link, _ hook: Hook) throws(NetworkError) -> OwnedDescriptor {
        let raw = try Self.check("link \(program.rawValue) to link \(link.index)") {
            descriptor(of: program).withRaw { bpf_link_create($0, link.index, hook.type, nil) }
        }
        return OwnedDescriptor(adopting: raw)
    }

    /// libbpf's functions return a negative errno.
    @discardableResult
    private static func check(_ action: String, _ call: () -> CInt) throws(NetworkError) -> CInt {
        let result = call()
        guard result >= 0 else { throw NetworkError(action, Errno(rawValue: -result)) }
        return result
    }
}
