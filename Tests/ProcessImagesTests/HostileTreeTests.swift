import CProcessImage
import ProcessImages
import TestSupport
import Testing

/// The image of a process with a child that has one, damaged.
@Suite(.requiresRoot) struct HostileTreeTests {
    private static let original = Result {
        try Original(
            of: """
                r, w = os.pipe(); e = select.epoll(); e.register(r, select.EPOLLIN)
                c = os.fork() or (os.setpgid(0, 0), os.fork(), signal.pause())
                while not os.path.exists(f"/proc/{c}/task/{c}/children") or not open(f"/proc/{c}/task/{c}/children").read(): pass
                print("ready")
                signal.pause()
                """)
    }

    private let original: Original

    init() throws { original = try Self.original.get() }

    private func expect(_ reason: String, _ state: [UInt8]) {
        let found = original.refusal(of: state)
        #expect(found?.contains(reason) == true, "\(reason): \(found ?? "accepted")")
    }

    @Test("processes that cannot be are refused")
    func processes() {
        #expect(original.refusal(of: original.state) == nil)
        #expect(original.header().processes.count == 2)
        func change(_ index: Int, _ change: (inout thaw_process) -> Void) -> [UInt8] {
            original.changing(\.processes, index, change)
        }
        expect("its shelf begins at", original.changing { $0.shelf = 0 })
        expect("too high descriptors", original.changing { $0.shelf = 2 })
        expect("there are 65 processes", original.changing { $0.processes.count = 65 })
        expect("before its parent", change(0) { $0.parent = 1 })
        expect("before its parent", change(1) { $0.parent = 7 })
        expect("the image of another", change(0) { $0.pid += 1000 })
        expect("in no group", change(1) { $0.group = 9999 })
        expect("in no group", change(0) { $0.leads = 3 })
        expect("beyond the end", change(1) { $0.image = .max })
        expect("instead of", change(1) { $0.size -= 64 })
    }

    @Test("what is the first process's another's image may not have")
    func members() {
        let place = original.state.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: Int(original.header().processes.offset), as: thaw_process.self)
        }
        let start = Int(place.image)
        let header = original.state.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: thaw_image.self) }
        func change(_ change: (inout thaw_image) -> Void) -> [UInt8] {
            var (copy, header) = (original.state, header)
            change(&header)
            withUnsafeBytes(of: header) { copy.replaceSubrange(start..<start + $0.count, with: $0) }
            return copy
        }
        expect(
            "its shelf begins at",
            change {
                $0.processes = $0.children; $0.processes.count = 1
            })
        expect("its window is at", change { $0.window += 4096 })
        expect("has its extended state at", change { $0.window += 0x200000 << 20 })
        let descriptors = start + Int(header.descriptors.offset)
        func changeFirst(_ change: (inout thaw_descriptor) -> Void) -> [UInt8] {
            var copy = original.state
            var entry = copy.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: descriptors, as: thaw_descriptor.self) }
            change(&entry)
            withUnsafeBytes(of: entry) { copy.replaceSubrange(descriptors..<descriptors + $0.count, with: $0) }
            return copy
        }
        expect("is inherited from fd 999", changeFirst { $0.a = 999 })
        expect("is inherited from fd", changeFirst { $0.a = .max })
        expect("is not inherited", changeFirst { $0.kind = THAW_FD_EVENT.rawValue })
    }
}
