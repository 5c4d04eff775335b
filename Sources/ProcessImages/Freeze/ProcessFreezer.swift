import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// Writes a running process down, so that clones of it can be made.
package enum ProcessFreezer {
    /// Refusals that may pass in a moment are looked at again this many times; those of connections that are being opened or closed, for
    /// so long.
    private static let looks = 10
    private static let settlingTime = Duration.milliseconds(1500)

    /// Stops the process and writes `state`, `memory` and, if anything is as in it, `base` into `directory`.
    ///
    /// On success the process stays stopped (SIGSTOP): kill it. On an error it goes on as if nothing had happened, and the
    /// directory may hold parts. Nothing is synced. Blocks, on a thread of its own, for as long as the process stands.
    package static func freeze(
        _ target: FreezeTarget, into directory: FilePath, base: BaseMemory? = nil
    ) throws(FreezeError) -> FrozenProcess {
        let end = MonotonicClock.now() + UInt64(settlingTime.nanoseconds)
        var patient = target
        patient.isPatient = true
        var look = 1
        while true {
            do {
                return try attempt(patient, into: directory, base: base)
            } catch .refused(let refusals) {
                let patiences = refusals.map(\.patience)
                if patiences.contains(.none) { throw .refused(refusals) }
                guard look < looks || patiences.contains(.longer) && MonotonicClock.now() < end else { break }
                usleep(look < looks ? 5_000 : 50_000)
                look += 1
            }
        }
        return try attempt(target, into: directory, base: base)
    }

    /// Waits until every thread sleeps, unless that takes long: what a thread is about to do when it is frozen, such as the way
    /// into the call it waits in, each clone does first. Blocks.
    package static func settle(_ pid: CInt) {
        for _ in 0..<settlingLimit where isAtWork(pid) { usleep(1_000) }
    }

    private static func isAtWork(_ pid: CInt) -> Bool {
        StoppedProcess.isAtWork(pid)
            || SandboxProcess.descendants(of: pid).contains { StoppedProcess.isAtWork($0.hostPID) }
    }

    /// Milliseconds.
    private static let settlingLimit = 100

    /// On a thread that ends: what is still traced then, whatever went wrong, goes on.
    private static func attempt(
        _ target: FreezeTarget, into directory: FilePath, base: BaseMemory?
    ) throws(FreezeError) -> FrozenProcess {
        let outcome: Result<FrozenProcess, FreezeError>
        do {
            outcome = try PosixThread.runAndWait { () throws(FreezeError) in
                try Freeze(target, directory, base).run()
            }
        } catch {
            throw .failed("cannot start a thread: \(error)")
        }
        return try outcome.get()
    }
}

/// One attempt.
private struct Freeze {
    private let target: FreezeTarget
    private let directory: FilePath
    private let base: BaseMemory?

    init(_ target: FreezeTarget, _ directory: FilePath, _ base: BaseMemory?) {
        self.target = target
        self.directory = directory
        self.base = base
    }

    func run() throws(FreezeError) -> FrozenProcess {
        let start = MonotonicClock.now()
        let tree = try StoppedTree.stop(target)
        do {
            let looks = try look(at: tree)
            return try write(tree, looks, openDescriptors(looks), since: start)
        } catch {
            tree.release()
            throw error
        }
    }

    private func write(
        _ tree: StoppedTree, _ looks: [ProcessLook], _ descriptors: DescriptorCapture, since start: UInt64
    ) throws(FreezeError) -> FrozenProcess {
        var isWritten = false
        defer { if !isWritten { descriptors.readAwayNews() } }
        let captured = try capture(tree, looks, descriptors)
        let memories = try copyMemory(captured)
        try write(captured, memories)
        try FreezeError.failing(to: "leave process \(target.pid) stopped") { () throws(Errno) in
            try tree.leaveStopped(looks.map(\.process))
        }
        isWritten = true
        return FrozenProcess(
            pause: .nanoseconds(Int64(MonotonicClock.now() - start)), threads: captured.threads,
            mappings: captured.all.reduce(0) { $0 + $1.mappings.count },
            runs: memories.all.reduce(0) { $0 + $1.runs.count }, descriptors: captured.first.descriptors.count,
            writtenBytes: memories.all.reduce(0) { $0 + $1.writtenBytes },
            sharedBytes: memories.sharedBytes, remarks: captured.remarks,
            hasScratch: captured.hasScratch)
    }

    // MARK: - What the processes are

    private func look(at tree: StoppedTree) throws(FreezeError) -> [ProcessLook] {
        var looks: [ProcessLook] = []
        for member in tree.members { looks.append(try ProcessLook(at: member)) }
        return looks
    }

    private func openDescriptors(_ looks: [ProcessLook]) throws(FreezeError) -> DescriptorCapture {
        var descriptors = DescriptorCapture(target, looks.map { ($0.process, $0.member.process.title) })
        try readingDescriptors { () throws(Errno) in try descriptors.look() }
        return descriptors
    }

    private func capture(
        _ tree: StoppedTree, _ looks: [ProcessLook], _ opened: DescriptorCapture
    ) throws(FreezeError) -> CapturedTree {
        var refusals = tree.refusals
        do { try IPCRefusals.refuse(of: target.pid, into: &refusals) } catch {
            throw .failed("cannot look into the IPC namespace of process \(target.pid): \(error)")
        }
        try FreezeError.failing(to: "compare the processes of a sandbox") { () throws(Errno) in
            try tree.refuseSharing(into: &refusals)
        }
        let areas = looks.flatMap(\.areas)
        let window = target.origin?.window ?? ImageWindow.place(beside: areas.map(\.range)) ?? 0
        if window == 0 { refusals.add("no 768 MiB of addresses are free", "map less memory before the snapshot") }
        let scratch =
            target.ownsScratch
            ? ScratchTree(
                of: tree.members.map(\.process.hostPID), executable: looks[0].traits.executable, areas: areas) : nil
        var mappings: [MappingCapture] = []
        for look in looks {
            mappings.append(
                look.within(looks[0], into: &refusals) { found in
                    look.mappings(window, target.origin, ownsScratch: scratch != nil, into: &found)
                })
        }
        var descriptors = opened
        descriptors.refusals = refusals
        try readingDescriptors { () throws(Errno) in
            if let scratch { try descriptors.take(scratch) }
            try descriptors.capture()
        }
        refusals = descriptors.refusals
        for index in looks.indices {
            looks[index].within(looks[0], into: &refusals) { found in
                mappings[index].takeObjects(&descriptors.files, &descriptors.table, into: &found)
            }
        }
        guard refusals.all.isEmpty else { throw .refused(refusals.all) }
        var insides: [CapturedInside] = []
        for (look, mappings) in zip(looks, mappings) {
            guard let vdso = mappings.vdso else { continue }
            let inside = try look.ask(vdso, target.means)
            look.within(looks[0], into: &refusals) { found in
                ProcessLook.refuse(inside, into: &found)
                if target.origin != nil { ProcessLook.refuse(inside.threads, stillIn: window, into: &found) }
            }
            insides.append(inside)
        }
        guard refusals.all.isEmpty else { throw .refused(refusals.all) }
        return CapturedTree(tree, looks, insides, mappings, descriptors, hasScratch: scratch != nil)
    }

    private func readingDescriptors(_ body: () throws(Errno) -> Void) throws(FreezeError) {
        try FreezeError.failing(to: "read the descriptors of process \(target.pid)", body)
    }

    // MARK: - What is written

    private func copyMemory(_ captured: CapturedTree) throws(FreezeError) -> CopiedTree {
        var captures: [MemoryCapture] = []
        var refusals = Refusals()
        var pages = 0
        for process in captured.all {
            let pid = process.process.pid
            let capture = try FreezeError.failing(to: "look through the memory of process \(pid)") {
                () throws(Errno) in
                try MemoryCapture(
                    process.mappings, of: process.process, base: base, by: target.means.pages, from: pages)
            }
            for address in capture.guardPages {
                refusals.add(
                    "there is a guard page at 0x\(String(address, radix: 16))", "do not use MADV_GUARD_INSTALL")
            }
            pages = capture.pageCount
            captures.append(capture)
        }
        CopiedTree.refuse(captures, into: &refusals)
        guard refusals.all.isEmpty else { throw .refused(refusals.all) }
        return try FreezeError.failing(to: "write \(directory)/memory") { () throws(Errno) in
            let file = try Self.create(directory.appending(ImageFile.memory))
            var copied = CopiedTree(size: UInt64(pages * MemoryCapture.pageSize))
            for capture in captures { copied.all.append(try capture.copy(into: file)) }
            return copied
        }
    }

    private func write(_ captured: CapturedTree, _ memories: CopiedTree) throws(FreezeError) {
        let usesBase = memories.sharedBytes > 0
        if let base, usesBase {
            try FreezeError.failing(to: "link \(directory)/base") { () throws(Errno) in
                let path = directory.appending(ImageFile.base)
                try Self.removeOld(path)
                try base.file.descriptor.link(to: path)
            }
        }
        let state = captured.state(memories, baseSize: usesBase ? base?.size ?? 0 : 0)
        guard state.count <= ImageLimit.stateSize else {
            throw .failed("the process's state takes \(state.count >> 20) MiB; at most \(ImageLimit.stateSize >> 20)")
        }
        try FreezeError.failing(to: "write \(directory)/state") { () throws(Errno) in
            let file = try Self.create(directory.appending(ImageFile.state))
            let outcome = state.withUnsafeBytes { bytes in
                Result { () throws(Errno) in try file.write(bytes, at: 0) }
            }
            try outcome.get()
        }
    }

    private static func create(_ path: FilePath) throws(Errno) -> OwnedDescriptor {
        try removeOld(path)
        return try OwnedDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate, .noFollow], permissions: [.ownerRead])
    }

    /// What an earlier attempt left.
    private static func removeOld(_ path: FilePath) throws(Errno) {
        do { try DurableFile.remove(path) } catch .noSuchFileOrDirectory {}
    }
}
