import CProcessImage
import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

/// An image of a small program, taken once, that the tests damage.
struct Original {
    let state: [UInt8]
    let memorySize: UInt64

    fileprivate static let shared = Result { try Original(of: program) }

    init(of program: String) throws {
        self = try withScratchDirectory { directory in
            let subject = try Subject.python(program)
            _ = try subject.line()
            _ = try ProcessFreezer.freeze(subject.target(), into: directory)
            return Original(
                state: try SmallFile.bytes(directory.appending("state"), limit: 64 << 20),
                memorySize: UInt64(try FileStatus.of(directory.appending("memory")).size))
        }
    }

    private init(state: [UInt8], memorySize: UInt64) {
        self.state = state
        self.memorySize = memorySize
    }

    /// With an entry in every table.
    private static let program = """
        libc = ctypes.CDLL(None)
        signal.signal(signal.SIGUSR2, lambda number, frame: None)
        r, w = os.pipe(); os.write(w, b"content"); d = os.dup(r)
        e = select.epoll(); e.register(r, select.EPOLLIN); e.register(e2 := os.eventfd(3), select.EPOLLIN)
        a, b = socket.socketpair(); l = socket.create_server(("127.0.0.1", 0)); u = socket.socket(type=socket.SOCK_DGRAM)
        u.bind(("127.0.0.1", 0)); f = tempfile.TemporaryFile(dir="/tmp"); f.write(b"deleted"); f.flush()
        libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p()))
        libc.timerfd_create(1, 0)
        threading.Thread(target=signal.pause, daemon=True).start()
        v = socket.socket(type=socket.SOCK_DGRAM); v.connect(u.getsockname())
        c = os.fork() or os._exit(3); os.waitid(os.P_PID, c, os.WEXITED | os.WNOWAIT)
        print("ready")
        signal.pause()
        """

    /// Why `state` is refused; nil when it is not.
    func refusal(of state: [UInt8]) -> String? {
        state.withUnsafeBytes { bytes in
            do throws(ProcessImageError) {
                _ = try StateCheck.check(bytes, memorySize: memorySize, baseSize: nil)
                return nil
            } catch {
                return error.description
            }
        }
    }

    func header() -> thaw_image { state.withUnsafeBytes { $0.loadUnaligned(as: thaw_image.self) } }

    /// A copy with the header changed.
    func changing(_ change: (inout thaw_image) -> Void) -> [UInt8] {
        var header = header()
        change(&header)
        var copy = state
        withUnsafeBytes(of: header) { copy.replaceSubrange(0..<$0.count, with: $0) }
        return copy
    }

    /// A copy with one entry of a table changed.
    func changing<Entry: BitwiseCopyable>(
        _ table: KeyPath<thaw_image, thaw_table>, _ index: Int, _ change: (inout Entry) -> Void
    ) -> [UInt8] {
        let place = Int(header()[keyPath: table].offset) + index * MemoryLayout<Entry>.stride
        var entry = state.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: Entry.self) }
        change(&entry)
        var copy = state
        withUnsafeBytes(of: entry) { copy.replaceSubrange(place..<place + $0.count, with: $0) }
        return copy
    }

    /// Index of the first descriptor of a kind.
    func descriptor(_ kind: thaw_descriptor_kind) throws -> Int {
        let table = header().descriptors
        let index = (0..<Int(table.count)).first { index in
            let place = Int(table.offset) + index * MemoryLayout<thaw_descriptor>.stride
            return state.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: thaw_descriptor.self) }.kind
                == kind.rawValue
        }
        return try #require(index)
    }
}

@Suite(.requiresRoot) struct HostileImageTests {
    private let original: Original

    init() throws { original = try Original.shared.get() }

    @Test("an image as it was written is accepted, and has an entry in every table")
    func untouched() {
        #expect(original.refusal(of: original.state) == nil)
        let header = original.header()
        for table in [
            header.threads, header.mappings, header.runs, header.descriptors, header.options, header.watches,
            header.actions, header.timers, header.children, header.objects, header.extents, header.bytes,
        ] {
            #expect(table.count > 0)
        }
    }

    /// Most bits are a program's own: registers, paths. What matters is that no bit stops the one who checks.
    @Test("no flipped bit does more than to be refused", arguments: 0..<8)
    func flippedBits(part: Int) {
        var state = original.state
        var refused = 0
        let isDense = MemoryLayout<thaw_image>.size
        for position in stride(from: part, to: state.count, by: 8) {
            // Every bit of the header, one of eight of the rest.
            for bit in position < isDense ? Array(0..<8) : [position / 8 % 8] {
                state[position] ^= 1 << UInt8(bit)
                if original.refusal(of: state) != nil { refused += 1 }
                state[position] ^= 1 << UInt8(bit)
            }
        }
        #expect(refused > 0)
        #expect(state == original.state)
    }

    @Test("a state that ends too early is refused wherever it ends")
    func truncated() {
        let header = original.header()
        let tables = [
            header.threads, header.mappings, header.runs, header.descriptors, header.watches, header.actions,
            header.timers, header.bytes,
        ]
        let boundaries =
            tables.flatMap { [Int($0.offset), Int($0.offset) + 1] } + [0, 1, 8, 16, 64, original.state.count - 1]
        let ends = boundaries + Array(stride(from: 0, to: original.state.count, by: 97))
        for end in Set(ends) where end < original.state.count {
            #expect(original.refusal(of: Array(original.state.prefix(end))) != nil)
            // And with a header that says so.
            guard end >= MemoryLayout<thaw_image>.size else { continue }
            let shorter = original.changing { $0.size = UInt64(end) }
            #expect(original.refusal(of: Array(shorter.prefix(end))) != nil)
        }
    }

    private static let absurd: [UInt64] = [
        1, 63, 4095, 1 << 31, 1 << 32, 1 << 47, 1 << 63, .max - 63, .max - 4095, .max,
    ]

    @Test("absurd offsets and counts are refused", arguments: absurd)
    func absurdTables(value: UInt64) {
        let tables: [WritableKeyPath<thaw_image, thaw_table>] = [
            \.threads, \.mappings, \.runs, \.descriptors, \.watches, \.actions, \.timers, \.bytes,
        ]
        for table in tables {
            #expect(original.refusal(of: original.changing { $0[keyPath: table].offset = value }) != nil)
            let further = original.changing { $0[keyPath: table].offset &+= value == 1 << 63 ? value : value &* 64 }
            #expect(original.refusal(of: further) != nil)
            if value > 1 << 20 {
                #expect(original.refusal(of: original.changing { $0[keyPath: table].count = value }) != nil)
            }
        }
        for size in [\thaw_image.size, \.memory_size, \.base_size, \.window] as [WritableKeyPath<thaw_image, UInt64>] {
            #expect(original.refusal(of: original.changing { $0[keyPath: size] = value }) != nil)
        }
    }

    @Test("a header that is not right says why")
    func header() {
        let rows: [(String, (inout thaw_image) -> Void)] = [
            ("no process image", { $0.magic += 1 }),
            ("its format is version 1", { $0.version = 1 }),
            ("its header has", { $0.header_size -= 8 }),
            ("memory: it has", { $0.memory_size += 4096 }),
            ("base: it is missing", { $0.base_size = 4096 }),
            ("its window is at", { $0.window += 4096 }),
            ("its window is at", { $0.window = 0x7FFF_E000_0000 }),
            ("its vdso is at", { $0.vvar_start += 1 }),
            ("its vdso is at", { $0.vdso_end = $0.vvar_start }),
            ("ends before it starts", { $0.brk = $0.start_brk &- 1 }),
            ("a part of the program is at", { $0.arg_start = 1 << 63 }),
            ("the path of the program", { $0.executable = 0 }),
            ("the path of the working directory", { $0.working_directory = .max }),
            ("a soft limit is above", { $0.limits.7.hard = 1 }),
            ("an interval timer", { $0.interval_timers.0.value = 1 << 63 }),
            ("its shelf begins at", { $0.shelf = 2 }),
            ("its umask is", { $0.mode_mask = 0o7777 }),
            ("its nice value is", { $0.nice = 20 }),
            ("its dumpable flag is", { $0.dumpable = 3 }),
            ("its auxiliary vector has", { $0.auxv_size = 520 }),
            ("unknown settings", { $0.own = 1 << 20 }),
            ("its core dump filter is", { $0.coredump_filter = 1 << 20 }),
            ("its score 1001", { $0.oom_score = 1001 }),
            ("it may not write what it executes: 2", { $0.write_or_execute = 2 }),
            ("it may use the features", { $0.permitted_features = 1 << 5 }),
            ("bound to no processor", { $0.own = THAW_OWN_PROCESSORS.rawValue }),
        ]
        for (reason, change) in rows {
            let found = original.refusal(of: original.changing(change))
            #expect(found?.contains(reason) == true, "\(reason): \(found ?? "accepted")")
        }
    }

    @Test("threads, mappings and runs that cannot be are refused")
    func memory() throws {
        func expect(_ reason: String, _ state: [UInt8]) {
            let found = original.refusal(of: state)
            #expect(found?.contains(reason) == true, "\(reason): \(found ?? "accepted")")
        }
        func thread(_ change: (inout thaw_thread) -> Void) -> [UInt8] { original.changing(\.threads, 1, change) }
        let leader: thaw_thread = original.state.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: Int(original.header().threads.offset), as: thaw_thread.self)
        }
        expect("a thread has the number 1", thread { $0.tid = 1 })
        expect("two threads have the number", thread { $0.tid = leader.tid })
        expect("the name of thread", thread { $0.name_length = 16 })
        expect("two of its parts overlap", thread { $0.frame = leader.frame })
        expect("is not aligned", thread { $0.frame += 8 })
        expect("goes beyond the end", thread { $0.frame = .max - 63 })
        expect("uses 0x8000", thread { $0.fs_base = 1 << 63 })
        expect("the rseq area", thread { $0.rseq = 33 })
        expect("the robust list", thread { $0.robust_list_size = 8 })
        expect("takes memory failures by 3", thread { $0.memory_failures = 3 })

        func mapping(_ change: (inout thaw_mapping) -> Void) -> [UInt8] { original.changing(\.mappings, 0, change) }
        expect("is none", mapping { $0.start += 1 })
        expect("is none", mapping { $0.end = $0.start })
        expect("is none", mapping { $0.end = 1 << 63 })
        expect("overlaps the window", mapping { $0.end = original.header().window + 4096 })
        expect(
            "overlaps the one before",
            mapping {
                $0.end = 0x7FFF_FFFF_E000; $0.start = 0x7FFF_0000_0000
            })
        expect("unknown protection", mapping { $0.protection |= 8 })
        expect("unknown flags", mapping { $0.flags |= 1 << 20 })
        expect(
            "read in order and at random",
            mapping { $0.flags |= THAW_MAPPING_RANDOM.rawValue | THAW_MAPPING_SEQUENTIAL.rawValue })
        expect("does not have its own runs", mapping { $0.first_run = 5 })
        expect("does not have its own runs", mapping { $0.runs = .max })
        expect(
            "anonymous and yet of a file",
            mapping {
                $0.path = 0; $0.file_offset = 4096
            })
        expect(
            "shared and yet changed",
            mapping {
                $0.flags |= THAW_MAPPING_SHARED.rawValue; $0.protection |= 2
            })

        func run(_ change: (inout thaw_run) -> Void) -> [UInt8] { original.changing(\.runs, 0, change) }
        expect("a run that is not inside it", run { $0.start -= 4096 })
        expect("a run that is not inside it", run { $0.offset += 1 })
        expect("a run beyond the end of its file", run { $0.offset = .max & ~4095 })
        expect("a run beyond the end of its file", run { $0.source = 1 })
        expect("a run of an unknown file", run { $0.source = 2 })
    }

    @Test("descriptors, watches, signals and timers that cannot be are refused")
    func descriptors() throws {
        func expect(
            _ reason: String, _ kind: thaw_descriptor_kind, _ change: (inout thaw_descriptor) -> Void
        ) throws {
            let found = original.refusal(of: original.changing(\.descriptors, try original.descriptor(kind), change))
            #expect(found?.contains(reason) == true, "\(reason): \(found ?? "accepted")")
        }
        try expect("duplicates no earlier", THAW_FD_SAME) { $0.a = .max }
        try expect("not in order", THAW_FD_PIPE) { $0.number = -1 }
        try expect("unknown kind", THAW_FD_PIPE) { $0.kind = 99 }
        try expect("impossible flags", THAW_FD_PATH) { $0.flags |= UInt32(O_CREAT) }
        try expect("the path of fd", THAW_FD_PATH) { $0.path = .max }
        try expect("stands at", THAW_FD_PATH) { $0.position = .max }
        try expect("of object", THAW_FD_OBJECT) { $0.a = 1 << 40 }
        try expect("is a pipe with", THAW_FD_PIPE) { $0.a = 1 << 30 }
        try expect("is a pipe with", THAW_FD_PIPE) { $0.b = 1 << 40 }
        try expect("impossible count", THAW_FD_EVENT) { $0.position = .max }
        try expect("impossible timer", THAW_FD_TIMER) { $0.a = 77 }
        try expect("unknown socket", THAW_FD_LISTENER) { $0.a = 40 }
        try expect("impossible address", THAW_FD_LISTENER) { $0.position = 4096 }
        try expect("unknown socket", THAW_FD_LISTENER) { $0.protocol = 132 }
        try expect("unknown socket", THAW_FD_DATAGRAM) { $0.protocol = 1 }
        try expect("another family", THAW_FD_LISTENER) { $0.a = UInt64(AF_INET6) }
        try expect("unknown socket", THAW_FD_DATAGRAM) { $0.a = UInt64(AF_UNIX) }
        try expect("socket of type", THAW_FD_PAIR) { $0.a = 99 }
        try expect("of family", THAW_FD_PAIR) { ($0.kind, $0.a) = (THAW_FD_RESET.rawValue, 1) }
        try expect("impossible address", THAW_FD_DATAGRAM) { $0.b = 4096 }
        try expect("not inside the file", THAW_FD_DATAGRAM) { ($0.id, $0.b) = (.max, 16) }

        func check<Entry: BitwiseCopyable>(
            _ reason: String, _ table: KeyPath<thaw_image, thaw_table>, _ change: (inout Entry) -> Void
        ) {
            let found = original.refusal(of: original.changing(table, 0, change))
            #expect(found?.contains(reason) == true, "\(reason): \(found ?? "accepted")")
        }
        check("a child has the number", \.children) { (child: inout thaw_child) in child.pid = 1 }
        check("a child has the number", \.children) { (child: inout thaw_child) in child.pid = .max }
        check("ended with", \.children) { (child: inout thaw_child) in child.status = 0x1_0000 }
        check("ended with", \.children) { (child: inout thaw_child) in child.status = 0x0109 }
        check("ended with", \.children) { (child: inout thaw_child) in child.status = 0x7F }
        check("processors", \.threads) { (thread: inout thaw_thread) in
            (thread.processors, thread.processors_size) = (.max, 8)
        }
        check("processors", \.threads) { (thread: inout thaw_thread) in
            (thread.processors, thread.processors_size) = (1, 7)
        }
        check("is of no socket", \.options) { (option: inout thaw_option) in option.descriptor = 0 }
        check("is of no socket", \.options) { (option: inout thaw_option) in option.descriptor = .max }
        check("is not one that is carried", \.options) { (option: inout thaw_option) in option.name = 36 }
        check("is not one that is carried", \.options) { (option: inout thaw_option) in option.level = 255 }
        check("has 0 bytes", \.options) { (option: inout thaw_option) in option.size = 0 }
        check("has 300 bytes", \.options) { (option: inout thaw_option) in option.size = 300 }
        check("not inside the file", \.options) { (option: inout thaw_option) in option.value = .max }
        check("watches and is no epoll", \.watches) { (watch: inout thaw_watch) in watch.epoll = 1 }
        check("which is not open", \.watches) { (watch: inout thaw_watch) in watch.number = 999 }
        check("which is not open", \.watches) { (watch: inout thaw_watch) in watch.number = watch.epoll }
        check("cannot have an action", \.actions) { (action: inout thaw_action) in action.signal = 0 }
        check("cannot have an action", \.actions) { (action: inout thaw_action) in action.signal = 9 }
        check("is impossible", \.actions) { (action: inout thaw_action) in action.handler = 1 << 63 }
        check("not in order", \.timers) { (timer: inout thaw_timer) in timer.id = -1 }
        check("is impossible", \.timers) { (timer: inout thaw_timer) in timer.clock = 99 }
        check("is impossible", \.timers) { (timer: inout thaw_timer) in
            timer.notify = 4; timer.tid = 1
        }
    }

    @Test("a signal frame that would end a clone before its first instruction is refused")
    func frames() {
        let header = original.header()
        let thread: thaw_thread = original.state.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: Int(header.threads.offset), as: thaw_thread.self)
        }
        let frame = Int(thread.frame)
        let pointer = original.state.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: frame + SignalFrame.extendedState, as: UInt64.self)
        }
        let extended = Int(pointer - header.window - THAW_WINDOW_STATE)
        func changed(_ place: Int, _ value: UInt64) -> [UInt8] {
            var copy = original.state
            withUnsafeBytes(of: value) { copy.replaceSubrange(place..<place + 8, with: $0) }
            return copy
        }
        let kernel: UInt64 = 0xFFFF_8000_0000_0000
        let rows: [(String, Int, UInt64)] = [
            ("unknown flags", frame, 0),
            ("goes on at", frame + SignalFrame.instructionPointer, kernel),
            ("goes on at", frame + SignalFrame.stackPointer, kernel),
            ("goes on at", frame + SignalFrame.instructionPointer, header.window + 64),
            ("sets flags that no program may", frame + SignalFrame.processorFlags, 0x3202),
            ("not of a 64-bit program", frame + SignalFrame.segments, 0x10),
            ("impossible alternate stack", frame + SignalFrame.stackSize, .max),
            ("impossible alternate stack", frame + SignalFrame.stackFlags, 1),
            ("has its extended state at", frame + SignalFrame.extendedState, 0),
            ("goes beyond the end", frame + SignalFrame.extendedState, (header.window + THAW_WINDOW_STATE) + 1 << 40),
            ("not as this host has it", extended + ExtendedStateLayout.softwareBytes, 0),
            ("impossible MXCSR", extended + ExtendedStateLayout.controlWord, .max),
            ("registers that this host does not", extended + ExtendedStateLayout.inUse, 1 << 62),
            ("not in the standard format", extended + ExtendedStateLayout.compaction, 1 << 63),
        ]
        for (reason, place, value) in rows {
            let found = original.refusal(of: changed(place, value))
            #expect(found?.contains(reason) == true, "\(reason): \(found ?? "accepted")")
        }
    }

    @Test("files that are not what the state says are refused")
    func files() throws {
        try withScratchDirectory { directory in
            func reason() -> String {
                do throws(ProcessImageError) {
                    _ = try ProcessImage.load(directory)
                    return "accepted"
                } catch {
                    return error.description
                }
            }
            let (state, memory) = (directory.appending("state"), directory.appending("memory"))
            #expect(reason().contains("cannot open"))
            try DurableFile.write(original.state, to: state)
            #expect(reason().contains("cannot open"))
            try OwnedDescriptor.open(memory, .writeOnly, options: [.create]).setSize(Int64(original.memorySize))
            #expect(reason() == "accepted")
            try OwnedDescriptor.open(memory, .writeOnly).setSize(Int64(original.memorySize) - 4096)
            #expect(reason().contains("memory: it has"))
            try DurableFile.remove(state)
            try Directory.create(state)
            #expect(reason().contains("state: it is not a regular file"))
            try Directory.remove(state)
            _ = try syscall { state.withPlatformString { symlink("/etc/passwd", $0) } }
            #expect(reason().contains("cannot open"))
        }
    }
}
