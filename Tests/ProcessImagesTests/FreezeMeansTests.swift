import CProcessImage
import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

/// A kernel that tells less is asked in other ways, and the image is the same.
@Suite(.requiresRoot) struct FreezeMeansTests {
    /// Every kind of page there is, and what else older kernels do not tell.
    private static let program = """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        # The kernel notes in a thread's memory which processor it is on.
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        PAGE, HUGE = 4096, 2 << 20
        def map(pages, protection, flags, fd=-1):
            return libc.mmap(None, ctypes.c_size_t(pages * PAGE), protection, flags, fd, ctypes.c_long(0))
        def write(address, page, text): ctypes.memmove(address + page * PAGE, text, len(text))
        def read(address, page): return ctypes.string_at(address + page * PAGE, 1)
        # Written here and there; read only; both; nothing; written, then out of reach.
        some = map(64, 3, 0x22); [write(some, page, b"some%d" % page) for page in (0, 1, 5, 63)]
        zero = map(64, 3, 0x22); [read(zero, page) for page in range(64)]
        both = map(64, 3, 0x22); [read(both, page) for page in range(64)]; write(both, 7, b"both")
        none = map(64, 0, 0x4022)
        hidden = map(2, 3, 0x22); write(hidden, 1, b"hidden"); libc.mprotect(ctypes.c_void_p(hidden), 2 * PAGE, 0)
        # A file: read; written to in part; written to and then as it was.
        file = os.open(sys.executable, os.O_RDONLY)
        read_file = map(16, 3, 2, file); [read(read_file, page) for page in range(16)]
        own_file = map(16, 3, 2, file); [read(own_file, page) for page in range(16)]; write(own_file, 3, b"mine")
        same_file = map(16, 3, 2, file); write(same_file, 2, read(same_file, 2))
        # Huge: written to and read.
        huge = map(3 * HUGE // PAGE, 3, 0x22); start = (huge + HUGE - 1) & -HUGE
        libc.madvise(ctypes.c_void_p(start), HUGE, 14); write(start, 9, b"huge")
        zeros = map(3 * HUGE // PAGE, 3, 0x22); start = (zeros + HUGE - 1) & -HUGE
        libc.madvise(ctypes.c_void_p(start), HUGE, 14); read(start, 9)
        counts = [(0, False), (1, False), (2, False), (9, False), (0, True), (1, True), (2, True), (9, True)]
        events = [os.eventfd(count, (os.EFD_SEMAPHORE if kind else 0) | os.EFD_NONBLOCK) for count, kind in counts]
        waiting = [os.eventfd(0), os.eventfd(3, os.EFD_SEMAPHORE)]
        for command in (1 << 4, 1 << 8): libc.syscall(324, command, 0, 0)
        print("ready")
        while True:
            signal.sigwait([signal.SIGUSR1])
            print([os.eventfd_read(event) if count else None for (count, _), event in zip(counts, events)])
        """

    private struct Frozen {
        let state: FrozenState
        /// The content of every run, by its address.
        let pages: [UInt64: [UInt8]]
    }

    private static func freeze(_ subject: Subject, by means: FreezeMeans) throws -> Frozen {
        try withScratchDirectory { directory in
            var target = subject.target()
            target.means = means
            _ = try ProcessFreezer.freeze(target, into: directory)
            _ = try ProcessImage.load(directory)
            let state = try FrozenState(directory)
            let memory = try SmallFile.bytes(directory.appending("memory"), limit: 256 << 20)
            var pages: [UInt64: [UInt8]] = [:]
            for run in state.table(\.runs) as [thaw_run] {
                for page in stride(from: run.start, to: run.end, by: 4096) {
                    let place = Int(run.offset + page - run.start)
                    pages[page] = Array(memory[place..<place + 4096])
                }
            }
            return Frozen(state: state, pages: pages)
        }
    }

    private static func goOn(_ subject: Subject) throws {
        try subject.child.signal(SIGCONT)
        while try SmallFile.text(FilePath("/proc/\(subject.child.pid)/stat")).contains(") T ") { sched_yield() }
    }

    /// Freezes a process that has been stopped, once it is at rest again.
    private static func freezeAgain(_ subject: Subject, by means: FreezeMeans) throws -> Frozen {
        try goOn(subject)
        ProcessFreezer.settle(subject.child.pid)
        return try freeze(subject, by: means)
    }

    @Test("an image made as old kernels need it holds what one made as new kernels can holds")
    func sameImage() throws {
        let subject = try Subject.python(Self.program)
        #expect(try subject.line() == "ready")
        // Having been stopped leaves a trace in it: errno.
        try subject.child.signal(SIGSTOP)
        while try !SmallFile.text(FilePath("/proc/\(subject.child.pid)/stat")).contains(") T ") { sched_yield() }
        let new = try Self.freezeAgain(subject, by: .host)
        let old = try Self.freezeAgain(subject, by: .oldest)
        let again = try Self.freezeAgain(subject, by: .host)
        #expect(!new.pages.isEmpty && old.pages.keys.sorted() == new.pages.keys.sorted())
        // The process runs between the freezes: a page that it changed is as it was either before or after.
        let wrong = old.pages.filter { new.pages[$0.key] != $0.value && again.pages[$0.key] != $0.value }
        #expect(wrong.keys.map { String($0, radix: 16) } == [])
        let (mappings, oldMappings) =
            (new.state.table(\.mappings), old.state.table(\.mappings)) as ([thaw_mapping], [thaw_mapping])
        #expect(oldMappings.map(\.start) == mappings.map(\.start) && oldMappings.map(\.flags) == mappings.map(\.flags))
        let (events, oldEvents) =
            (new.state.table(\.descriptors), old.state.table(\.descriptors)) as ([thaw_descriptor], [thaw_descriptor])
        #expect(oldEvents.map(\.kind) == events.map(\.kind))
        #expect(oldEvents.map(\.position) == events.map(\.position) && oldEvents.map(\.a) == events.map(\.a))
        #expect(events.count { $0.kind == THAW_FD_EVENT.rawValue && $0.a == 1 } == 5)
        // Whether others may send it global barriers only new kernels tell.
        #expect(new.state.header.barriers & ~4 == 1 << 4 | 1 << 8)
        #expect(old.state.header.barriers == new.state.header.barriers | 4)
        // Nothing of the looking is left in the process.
        try Self.goOn(subject)
        #expect(try subject.poke() == "[None, 1, 2, 9, None, 1, 1, 1]")
    }

    @Test("both ways to find pages find the same ones")
    func samePages() throws {
        let subject = try Subject.python(Self.program)
        #expect(try subject.line() == "ready")
        let table = try PageTable(of: subject.child.pid)
        var sizes: Set<Int> = []
        for line in try SmallFile.text(FilePath("/proc/\(subject.child.pid)/maps")).split(separator: "\n") {
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard bounds.count == 2, bounds[1] < 1 << 47, !line.hasSuffix("[vvar]"), !line.contains("[vdso]") else {
                continue
            }
            for privateOnly in [false, true] {
                var found: [PageSearch: Set<UInt64>] = [:]
                for search in PageSearch.allCases {
                    try table.pages(bounds[0], bounds[1], privateOnly: privateOnly, by: search) { region in
                        found[search, default: []].formUnion(stride(from: region.start, to: region.end, by: 4096))
                    }
                }
                let more = (found[.table] ?? []).subtracting(found[.scan] ?? [])
                #expect((found[.scan] ?? []).isSubset(of: found[.table] ?? []), "\(line)")
                // A huge page of zeros is the one thing that looks like memory.
                #expect(more.isEmpty || more.count == 512, "\(line)")
                sizes.insert(more.count)
            }
        }
        #expect(sizes.contains(0))
    }
}
