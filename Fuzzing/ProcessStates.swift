import CProcessImage

/// The file `state` of a process snapshot. A state that passes is read again, as plainly as the restorer reads it, for what the restorer
/// relies on; arithmetic that overflows here traps.
///
/// What anybody finds at once is put right first: what names the format, and how long the file is.
enum Target: FuzzTarget {
    /// The same on every machine.
    private static let layout = ExtendedStateLayout(
        features: 3, size: ExtendedStateLayout.legacySize + ExtendedStateLayout.headerSize)
    private static let page: UInt64 = 4096

    static func test(_ input: [UInt8]) {
        var state = input
        if state.count >= MemoryLayout<thaw_image>.size {
            change(&state) { header in
                header.magic = THAW_IMAGE_MAGIC
                header.version = THAW_IMAGE_VERSION
                header.header_size = UInt32(MemoryLayout<thaw_image>.size)
                header.size = UInt64(input.count)
            }
        }
        if let refusal = check(state) {
            hold(!refusal.description.isEmpty, "no description")
            return
        }
        let header: thaw_image = load(state, 0)
        checkMemory(state, header, objects: header.objects.count)
        checkThreads(state, header)
        checkDescriptors(state, header)
        checkFiles(state, header)
        checkProcesses(state, header)
    }

    /// Why a state is refused, beside files of the sizes that it says; nil when it is not.
    private static func check(_ state: [UInt8]) -> ProcessImageError? {
        let header: thaw_image = state.count >= MemoryLayout<thaw_image>.size ? load(state, 0) : thaw_image()
        let base = header.base_size > 0 ? header.base_size : nil
        return state.withUnsafeBytes { bytes in
            do throws(ProcessImageError) {
                let summary = try StateCheck.check(
                    bytes, memorySize: header.memory_size, baseSize: base, layout: layout)
                hold(summary.threadCount == Int(header.threads.count), "\(summary.threadCount) threads")
                return nil
            } catch {
                return error
            }
        }
    }

    // MARK: - What the restorer relies on

    private static func checkMemory(_ state: [UInt8], _ header: thaw_image, objects: UInt64) {
        let window = header.window..<header.window + THAW_WINDOW_SIZE
        var end: UInt64 = 0
        var run: UInt64 = 0
        for mapping: thaw_mapping in table(state, header.mappings) {
            hold(mapping.start >= end && mapping.end > mapping.start, "mappings in disorder")
            hold(!window.overlaps(mapping.start..<mapping.end), "a mapping in the window")
            hold(mapping.object <= objects, "a mapping of object \(mapping.object)")
            hold(
                mapping.path == 0 || text(state, header, mapping.path).first == UInt8(ascii: "/"), "a path from nowhere"
            )
            end = mapping.end
            var filled = mapping.start
            hold(mapping.first_run == run, "runs in disorder")
            for index in mapping.first_run..<mapping.first_run + mapping.runs {
                let one: thaw_run = entry(state, header.runs, index)
                hold(
                    one.start >= filled && one.end > one.start && one.end <= mapping.end, "a run outside of its mapping"
                )
                hold((one.start | one.end | one.offset) % page == 0, "a run of half a page")
                let size = one.source == UInt64(THAW_RUN_BASE.rawValue) ? header.base_size : header.memory_size
                hold(one.offset + (one.end - one.start) <= size, "a run beyond its file")
                filled = one.end
            }
            run += mapping.runs
        }
        hold(run == header.runs.count, "runs of nobody")
        for path in [header.executable, header.working_directory] {
            hold(text(state, header, path).first == UInt8(ascii: "/"), "a path from nowhere")
        }
    }

    private static func checkThreads(_ state: [UInt8], _ header: thaw_image) {
        for thread: thaw_thread in table(state, header.threads) {
            let frame = Int(thread.frame)
            let pointer: UInt64 = load(state, frame + SignalFrame.extendedState)
            let extended = pointer - (header.window + THAW_WINDOW_STATE)
            hold((thread.frame | extended) % 64 == 0, "a frame that is not aligned")
            let magic: UInt32 = load(state, Int(extended) + layout.size)
            hold(magic == ExtendedStateLayout.secondMagic, "no second magic")
            hold(thread.name_length < 16, "a name without an end")
            hold(thread.processors_size <= 128, "very many processors")
            _ = blob(state, header, thread.processors, UInt64(thread.processors_size))
        }
        for child: thaw_child in table(state, header.children) {
            hold(child.pid > 1 && child.status & 0x7F <= 64, "child \(child.pid) ended with \(child.status)")
        }
    }

    private static func checkDescriptors(_ state: [UInt8], _ header: thaw_image) {
        for (index, descriptor) in (table(state, header.descriptors) as [thaw_descriptor]).enumerated() {
            switch thaw_descriptor_kind(descriptor.kind) {
            case THAW_FD_SAME: hold(descriptor.a < UInt64(index), "fd \(descriptor.number) is like a later one")
            case THAW_FD_PATH: hold(!text(state, header, descriptor.path).isEmpty, "a path from nowhere")
            case THAW_FD_OBJECT: let _: thaw_object = entry(state, header.objects, descriptor.a)
            case THAW_FD_PIPE:
                if descriptor.a > 0 { _ = blob(state, header, descriptor.path, descriptor.a) }
            case THAW_FD_LISTENER: _ = blob(state, header, descriptor.path, descriptor.position)
            case THAW_FD_CONNECTION:
                _ = blob(state, header, descriptor.path, descriptor.position)
                _ = blob(state, header, descriptor.b, descriptor.position)
                _ = blob(state, header, descriptor.value, descriptor.interval)
            case THAW_FD_DATAGRAM:
                _ = blob(state, header, descriptor.path, descriptor.position)
                _ = blob(state, header, descriptor.id, descriptor.b)
            default: break
            }
        }
        for option: thaw_option in table(state, header.options) {
            let _: thaw_descriptor = entry(state, header.descriptors, UInt64(option.descriptor))
            hold(!blob(state, header, option.value, UInt64(option.size)).isEmpty, "an option without a value")
            hold(option.size <= 32768, "an option of \(option.size) bytes")
        }
    }

    private static func checkFiles(_ state: [UInt8], _ header: thaw_image) {
        func checkContent(_ first: UInt64, _ count: UInt64, of size: UInt64) {
            var end: UInt64 = 0
            for index in first..<first + count where count > 0 {
                let one: thaw_extent = entry(state, header.extents, index)
                hold(one.offset >= end && one.offset + one.size <= size, "an extent outside of its file")
                hold(!blob(state, header, one.content, one.size).isEmpty, "an extent of nothing")
                end = one.offset + one.size
            }
        }
        for node: thaw_node in table(state, header.nodes) {
            for path in [node.path, node.place] {
                hold(text(state, header, path).starts(with: "/tmp/".utf8), "a node outside of /tmp")
            }
            if node.mode & 0o170000 == 0o120000 { _ = text(state, header, node.target) }
            checkContent(node.first_extent, node.extents, of: node.size)
        }
        for name: thaw_name in table(state, header.names) {
            for path in [name.from, name.to] { _ = text(state, header, path) }
        }
        for object: thaw_object in table(state, header.objects) {
            if object.kind == THAW_OBJECT_MEMORY.rawValue { _ = text(state, header, object.name) }
            checkContent(object.first_extent, object.extents, of: object.size)
        }
        let numbers = Set((table(state, header.descriptors) as [thaw_descriptor]).map(\.number))
        for watch: thaw_file_watch in table(state, header.file_watches) {
            hold(numbers.contains(watch.descriptor) && 1...4096 ~= watch.number, "a watch of nobody's")
            hold(!text(state, header, watch.path).isEmpty, "a watch of nothing")
        }
        for lock: thaw_lock in table(state, header.locks) {
            hold(numbers.contains(lock.number) && lock.start + lock.length < 1 << 63, "a lock of nothing")
        }
    }

    private static func checkProcesses(_ state: [UInt8], _ header: thaw_image) {
        let numbers = Set((table(state, header.descriptors) as [thaw_descriptor]).map { UInt64($0.number) })
        for (index, process) in (table(state, header.processes) as [thaw_process]).enumerated() {
            hold(process.image % 64 == 0 && process.image + process.size <= UInt64(state.count), "an image elsewhere")
            hold(Int(process.parent) <= index && process.leads <= 2, "a process without a parent")
            let part = Array(state[Int(process.image)..<Int(process.image + process.size)])
            let own: thaw_image = load(part, 0)
            hold(own.window == header.window && own.size == process.size, "an image of another window")
            checkMemory(part, own, objects: header.objects.count)
            checkThreads(part, own)
            for descriptor: thaw_descriptor in table(part, own.descriptors) {
                hold(
                    descriptor.kind == THAW_FD_INHERITED.rawValue && descriptor.number < header.shelf
                        && numbers.contains(descriptor.a), "fd \(descriptor.number) comes from nowhere")
            }
        }
    }

    // MARK: - Plain reading

    private static func load<Value: BitwiseCopyable>(_ state: [UInt8], _ offset: Int) -> Value {
        hold(offset >= 0 && offset + MemoryLayout<Value>.size <= state.count, "reading at \(offset) of \(state.count)")
        return state.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }

    private static func entry<Entry: BitwiseCopyable>(_ state: [UInt8], _ table: thaw_table, _ index: UInt64) -> Entry {
        hold(index < table.count, "entry \(index) of \(table.count)")
        return load(state, Int(table.offset + index * UInt64(MemoryLayout<Entry>.stride)))
    }

    private static func table<Entry: BitwiseCopyable>(_ state: [UInt8], _ table: thaw_table) -> [Entry] {
        (0..<table.count).map { entry(state, table, $0) }
    }

    private static func blob(_ state: [UInt8], _ header: thaw_image, _ place: UInt64, _ size: UInt64) -> ArraySlice<
        UInt8
    > {
        guard size > 0 else { return [] }
        hold(place + size <= header.bytes.count, "a blob outside of the file")
        return state[Int(header.bytes.offset + place)..<Int(header.bytes.offset + place + size)]
    }

    /// Up to the NUL, which must be there.
    private static func text(_ state: [UInt8], _ header: thaw_image, _ place: UInt64) -> ArraySlice<UInt8> {
        let rest = blob(state, header, place, header.bytes.count - place)
        let end = rest.firstIndex(of: 0)
        hold(end != nil, "a text without an end")
        return rest[..<(end ?? rest.endIndex)]
    }

    private static func change(_ state: inout [UInt8], _ body: (inout thaw_image) -> Void) {
        var header: thaw_image = load(state, 0)
        body(&header)
        withUnsafeBytes(of: header) { state.replaceSubrange(0..<$0.count, with: $0) }
    }
}

// MARK: - Seeds

extension Target {
    static var seeds: [[UInt8]] {
        let states = [state(isLarge: false), state(isLarge: true)]
        // What is refused at the door leads nowhere.
        for state in states { hold(check(state) == nil, check(state)?.description ?? "") }
        return states
    }

    /// An image with one thread, or with an entry in every table.
    private static func state(isLarge: Bool) -> [UInt8] {
        var writer = StateWriter(window: 1 << 40)
        var bytes = ByteTable()
        writer.header.memory_size = 4 * page
        writer.header.base_size = isLarge ? 2 * page : 0
        (writer.header.vvar_start, writer.header.vdso_end) = (0x7000_0000_0000, 0x7000_0000_6000)
        writer.header.executable = bytes.text("/usr/bin/python3")
        writer.header.working_directory = bytes.text("/var/task")
        let threads = (0..<(isLarge ? UInt32(2) : 1)).map { thread(2 + $0, &writer) }
        writer.header.threads = writer.add(table: threads)
        let runs = [
            thaw_run(start: 0x10000, end: 0x12000, offset: 0, source: UInt64(THAW_RUN_MEMORY.rawValue)),
            thaw_run(start: 0x12000, end: 0x13000, offset: page, source: UInt64(THAW_RUN_BASE.rawValue)),
        ].prefix(isLarge ? 2 : 1)
        let anonymous = thaw_mapping(
            start: 0x10000, end: 0x20000, file_offset: 0, path: 0, object: 0, protection: 3,
            flags: THAW_MAPPING_NO_HUGE.rawValue,
            first_run: 0, runs: UInt64(runs.count))
        let own = thaw_mapping(
            start: 0x30000, end: 0x32000, file_offset: 0, path: 0, object: 1, protection: 3,
            flags: THAW_MAPPING_SHARED.rawValue | THAW_MAPPING_OWN.rawValue | THAW_MAPPING_MAY_WRITE.rawValue,
            first_run: UInt64(runs.count), runs: 0)
        let file = thaw_mapping(
            start: 0x20000, end: 0x22000, file_offset: page, path: writer.header.executable, object: 0, protection: 1,
            flags: THAW_MAPPING_SHARED.rawValue, first_run: UInt64(runs.count), runs: 0)
        writer.header.mappings = writer.add(table: isLarge ? [anonymous, file, own] : [anonymous])
        writer.header.runs = writer.add(table: Array(runs))
        if isLarge {
            writer.header.descriptors = writer.add(table: descriptors(&bytes))
            writer.header.options = writer.add(table: options(&bytes))
            addFiles(&writer, &bytes)
            writer.header.own =
                THAW_OWN_OOM_SCORE.rawValue | THAW_OWN_COREDUMP_FILTER.rawValue | THAW_OWN_CONNECTIONS.rawValue
            (writer.header.oom_score, writer.header.coredump_filter, writer.header.write_or_execute) = (500, 0x7F, 1)
            writer.header.watches = writer.add(table: [thaw_watch(epoll: 6, number: 5, events: 1, reserved: 0, data: 7)]
            )
            writer.header.file_watches = writer.add(
                table: [thaw_file_watch(descriptor: 22, number: 3, mask: 2, reserved: 0, path: bytes.text("/tmp/a"))])
            writer.header.actions = writer.add(
                table: [thaw_action(signal: 12, handler: 0x4000, flags: 4, restorer: 0x4100, mask: 0)])
            writer.header.children = writer.add(table: [
                thaw_child(pid: 9, status: 0x100), thaw_child(pid: 10, status: 9),
            ])
            writer.header.timers = writer.add(
                table: [
                    thaw_timer(
                        id: 0, clock: 1, notify: 4, signal: 14, sigev_value: 0, tid: 2, value: 1_000_000, interval: 0)
                ])
        }
        writer.header.bytes = writer.add(table: bytes.bytes)
        return writer.finish()
    }

    private static func addFiles(_ writer: inout StateWriter, _ bytes: inout ByteTable) {
        let content = bytes.blob([1, 2, 3])
        var (directory, file, link) = (thaw_node(), thaw_node(), thaw_node())
        (directory.path, directory.mode) = (bytes.text("/tmp/a"), 0o040755)
        (file.path, file.mode, file.size, file.extents, file.gap) = (bytes.text("/tmp/.b"), 0o100644, 9, 1, 2)
        (link.path, link.mode, link.target) = (bytes.text("/tmp/l"), 0o120777, bytes.text("a/b"))
        (directory.place, file.place, link.place) = (directory.path, bytes.text("/tmp/a/b"), link.path)
        writer.header.nodes = writer.add(table: [directory, file, link])
        writer.header.names = writer.add(
            table: [
                thaw_name(from: file.path, to: file.place, moves: 1, reserved: 0),
                thaw_name(from: file.place, to: bytes.text("/tmp/c"), moves: 0, reserved: 0),
            ])
        var (memory, unnamed) = (thaw_object(), thaw_object())
        (memory.kind, memory.name, memory.size, memory.seals) = (
            THAW_OBJECT_MEMORY.rawValue, bytes.text("heap"), 8192, 6
        )
        (unnamed.kind, unnamed.permissions, unnamed.size) = (THAW_OBJECT_FILE.rawValue, 0o600, 5)
        (memory.first_extent, memory.extents, unnamed.first_extent, unnamed.extents) = (1, 1, 2, 1)
        writer.header.objects = writer.add(table: [memory, unnamed])
        writer.header.extents = writer.add(
            table: [
                thaw_extent(offset: 4, size: 3, content: content), thaw_extent(offset: 4096, size: 2, content: content),
                thaw_extent(offset: 0, size: 3, content: content),
            ])
        writer.header.locks = writer.add(
            table: [
                thaw_lock(
                    number: 15, kind: THAW_LOCK_POSIX.rawValue, is_exclusive: 1, reserved: 0, start: 5, length: 10)
            ])
    }

    private static func thread(_ tid: UInt32, _ writer: inout StateWriter) -> thaw_thread {
        var extended = [UInt8](repeating: 0, count: layout.size + ExtendedStateLayout.secondMagicSize)
        var frame = [UInt8](repeating: 0, count: SignalFrame.size)
        extended.withUnsafeMutableBytes { buffer in
            let software = ExtendedStateLayout.softwareBytes
            buffer.storeBytes(of: ExtendedStateLayout.firstMagic, toByteOffset: software, as: UInt32.self)
            buffer.storeBytes(of: UInt32(buffer.count), toByteOffset: software + 4, as: UInt32.self)
            buffer.storeBytes(of: layout.features, toByteOffset: software + 8, as: UInt64.self)
            buffer.storeBytes(of: UInt32(layout.size), toByteOffset: software + 16, as: UInt32.self)
            buffer.storeBytes(of: ExtendedStateLayout.secondMagic, toByteOffset: layout.size, as: UInt32.self)
        }
        let place = writer.add(extended)
        frame.withUnsafeMutableBytes { buffer in
            for (at, word) in [
                (SignalFrame.flags, SignalFrame.wantedFlags), (SignalFrame.stackFlags, 2),
                (SignalFrame.stackPointer, 0x1_8000), (SignalFrame.instructionPointer, 0x2_0010),
                (SignalFrame.processorFlags, 0x202), (SignalFrame.segments, SignalFrame.userSegments),
                (SignalFrame.extendedState, writer.header.window + THAW_WINDOW_STATE + place),
            ] {
                buffer.storeBytes(of: word, toByteOffset: at, as: UInt64.self)
            }
        }
        var thread = thaw_thread()
        (thread.tid, thread.frame, thread.fs_base) = (tid, writer.add(frame), 0x1_4000)
        (thread.rseq, thread.rseq_size, thread.robust_list, thread.robust_list_size) = (0x1_5000, 32, 0x1_6000, 24)
        return thread
    }

    /// TCP_NODELAY of the listener, and a filter of the datagram socket: "let all pass".
    private static func options(_ bytes: inout ByteTable) -> [thaw_option] {
        let on = bytes.blob([1, 0, 0, 0])
        let filter = bytes.blob([6, 0, 0, 0, 0xFF, 0xFF, 0, 0])
        return [
            thaw_option(descriptor: 9, level: 6, name: 1, size: 4, value: on),
            thaw_option(descriptor: 10, level: 1, name: 26, size: 8, value: filter),
        ]
    }

    private static func descriptors(_ bytes: inout ByteTable) -> [thaw_descriptor] {
        let path = bytes.text("/var/task/index.py")
        let content = bytes.blob([1, 2, 3])
        let address = bytes.blob([2, 0, 0x1F, 0x90, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8))
        func one(_ number: Int32, _ kind: thaw_descriptor_kind, _ change: (inout thaw_descriptor) -> Void = { _ in })
            -> thaw_descriptor
        {
            var descriptor = thaw_descriptor()
            (descriptor.number, descriptor.kind) = (number, kind.rawValue)
            change(&descriptor)
            return descriptor
        }
        return [
            one(0, THAW_FD_PATH) { $0.path = path }, one(1, THAW_FD_GIVEN_OUTPUT), one(2, THAW_FD_GIVEN_ERROR),
            one(3, THAW_FD_PIPE) { ($0.path, $0.a, $0.b, $0.id) = (content, 3, 65536, 1) },
            one(4, THAW_FD_PIPE) { ($0.b, $0.id, $0.flags) = (65536, 1, 1) }, one(5, THAW_FD_EVENT) { $0.position = 3 },
            one(6, THAW_FD_EPOLL), one(7, THAW_FD_TIMER) { ($0.a, $0.value) = (1, 5) }, one(8, THAW_FD_SIGNAL),
            one(9, THAW_FD_LISTENER) { ($0.a, $0.b, $0.path, $0.position, $0.protocol) = (2, 128, address, 16, 6) },
            one(10, THAW_FD_DATAGRAM) { ($0.a, $0.protocol, $0.id, $0.b) = (2, 17, address, 16) },
            one(11, THAW_FD_PAIR) { ($0.a, $0.id) = (1, 9) },
            one(12, THAW_FD_PAIR) { ($0.a, $0.id) = (1, 9) }, one(13, THAW_FD_ENDED) { $0.a = 1 },
            one(14, THAW_FD_SAME) { $0.a = 0 }, one(15, THAW_FD_OBJECT) { $0.a = 1 },
            one(16, THAW_FD_GIVEN_RUNTIME_API), one(17, THAW_FD_RESET) { $0.a = 10 },
            one(18, THAW_FD_CONNECTION) { ($0.a, $0.id, $0.path, $0.position, $0.b) = (2, 18, address, 16, address) },
            one(19, THAW_FD_CONNECTION) {
                ($0.a, $0.id, $0.path, $0.position, $0.b) = (2, 18, address, 16, address)
                ($0.value, $0.interval, $0.protocol) = (content, 3, 1)
            }, one(22, THAW_FD_NOTIFIER),
        ]
    }
}
