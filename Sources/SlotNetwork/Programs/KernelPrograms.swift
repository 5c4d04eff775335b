internal import Basics
internal import CLibbpf
package import CSlotPrograms
import Glibc
package import LinuxKit
internal import SystemPackage

/// The slots' programs and maps, loaded into the kernel: BPF/slots.bpf.c. Held by descriptors, and by names where they are pinned.
package struct KernelPrograms: Sendable {
    package enum Program: String, CaseIterable, Sendable {
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
        case slots, counters, buckets, flows, denied, routes, residents, trunks
    }

    private let programs: [Program: SharedDescriptor]
    package let maps: SlotMaps
    let attachment: ProgramAttachment

    /// - Parameter attachment: nil is the best way that the kernel has.
    private init(
        _ programs: [Program: SharedDescriptor], _ maps: SlotMaps, _ attachment: ProgramAttachment?
    ) throws(NetworkError) {
        guard let program = programs[.hubFromSlot], programs.count == Program.allCases.count else {
            throw NetworkError("use the slots' kernel programs", .invalidArgument)
        }
        self.programs = programs
        self.maps = maps
        self.attachment = if let attachment { attachment } else { try Self.bestAttachment(of: program) }
    }

    /// Names the object's very bytes: what was pinned by another build is of no use to this one. FNV-1a, 64 bits.
    static var digest: String {
        let object = UnsafeRawBufferPointer(start: slot_programs_object(), count: Int(slot_programs_object_size()))
        let hash = object.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return String(hash, radix: 16)
    }

    package func descriptor(of program: Program) -> SharedDescriptor {
        guard let descriptor = programs[program] else { preconditionFailure("every program is loaded") }
        return descriptor
    }

    // MARK: - Loading

    /// Loads everything anew. Takes 10 ms, most of it the kernel's verifier.
    package static func load(
        _ settings: slot_settings, attachment: ProgramAttachment?
    ) throws(NetworkError) -> KernelPrograms {
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
            (Map.slots, settings.count), (.counters, settings.count), (.buckets, settings.count),
            (.flows, settings.count), (.trunks, trunks),
        ] {
            try check("size a map of the slots") {
                bpf_map__set_max_entries(bpf_object__find_map_by_name(object, map.rawValue), size)
            }
        }
        let loaded = bpf_object__load(object)
        guard loaded >= 0 else {
            let errno = Errno(rawValue: -loaded)
            let isForbidden = errno == .notPermitted || errno == .permissionDenied
            throw NetworkError(
                "load the slots' kernel programs", errno,
                remedy: isForbidden ? nil : "use Linux 5.10 or later, with BPF_SYSCALL")
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
        return try KernelPrograms(programs, try SlotMaps(maps), attachment)
    }

    private static func duplicate(_ raw: CInt, _ name: String) throws(NetworkError) -> SharedDescriptor {
        return try rethrowing(try OwnedDescriptor { fcntl(raw, F_DUPFD_CLOEXEC, 0) }.shared()) {
            NetworkError("keep \(name) of the slots' kernel programs", $0)
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
    static func pinned(
        in directory: FilePath, attachment: ProgramAttachment?
    ) throws(NetworkError) -> KernelPrograms {
        var programs: [Program: SharedDescriptor] = [:]
        for program in Program.allCases { programs[program] = try open(directory.appending(program.rawValue)) }
        return try KernelPrograms(programs, try pinnedMaps(in: directory), attachment)
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

    /// libbpf's functions return a negative errno.
    @discardableResult
    static func check(_ action: String, _ call: () -> CInt) throws(NetworkError) -> CInt {
        let result = call()
        guard result >= 0 else { throw NetworkError(action, Errno(rawValue: -result)) }
        return result
    }
}
