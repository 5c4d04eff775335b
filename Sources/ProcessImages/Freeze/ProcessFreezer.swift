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
        for _ in 0..<settlingLimit where StoppedProcess.isAtWork(pid) { usleep(1_000) }
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
    private let process: ProcessAccess

    init(_ target: FreezeTarget, _ directory: FilePath, _ base: BaseMemory?) throws(FreezeError) {
        self.target = target
        self.directory = directory
        self.base = base
        process = try Self.perform("open process \(target.pid)") { () throws(Errno) in
            try ProcessAccess(pid: target.pid)
        }
    }

    func run() throws(FreezeError) -> FrozenProcess {
        let start = MonotonicClock.now()
        let stopped = try StoppedProcess.stop(target.pid)
        do {
            let captured = try capture(stopped)
            let (memory, size) = try copyMemory(captured.mappings)
            try write(captured, memory, size)
            try Self.perform("leave process \(target.pid) stopped") { () throws(Errno) in
                try stopped.leaveStopped(process)
            }
            return FrozenProcess(
                pause: .nanoseconds(Int64(MonotonicClock.now() - start)), threads: stopped.threads.count,
                mappings: captured.mappings.count, runs: memory.runs.count, descriptors: captured.descriptors.count,
                writtenBytes: memory.writtenBytes, sharedBytes: memory.sharedBytes, remarks: captured.remarks,
                hasScratch: captured.hasScratch)
        } catch {
            stopped.release()
            throw error
        }
    }

    // MARK: - What the process is

    private func capture(_ stopped: StoppedProcess) throws(FreezeError) -> CapturedProcess {
        var refusals = Refusals()
        if stopped.isUnderJobControl {
            refusals.add("the runtime has been stopped by a signal", "continue it before the snapshot")
        }
        let children = SandboxProcesses.ended(of: target, into: &refusals)
        do { try IPCRefusals.refuse(of: target.pid, into: &refusals) } catch {
            throw .failed("cannot look into the IPC namespace of process \(target.pid): \(error)")
        }
        for thread in stopped.threads where thread.dispatchesSystemCalls {
            refusals.add(
                "the runtime has its system calls dispatched to itself", "do not use PR_SET_SYSCALL_USER_DISPATCH")
        }
        let traits = try Self.perform("read what process \(target.pid) is") { () throws(Errno) in
            try ProcessTraits(process, threads: stopped.threads.map(\.tid))
        }
        traits.refuse(isClone: target.origin != nil, into: &refusals)
        let areas = try Self.perform("read the mappings of process \(target.pid)") { () throws(Errno) in
            try MemoryArea.all(of: target.pid)
        }
        let tree =
            target.ownsScratch ? ScratchTree(of: target.pid, executable: traits.executable, areas: areas) : nil
        var mappings = MappingCapture(
            areas, of: process, origin: target.origin, ownsScratch: tree != nil, into: &refusals)
        var descriptors = DescriptorCapture(target, process)
        descriptors.refusals = refusals
        do {
            if let tree { try descriptors.take(tree) }
            try descriptors.capture()
        } catch {
            throw .failed("cannot read the descriptors of process \(target.pid): \(error)")
        }
        refusals = descriptors.refusals
        mappings.takeObjects(&descriptors.files, &descriptors.table, into: &refusals)
        guard let vdso = mappings.vdso, refusals.all.isEmpty else { throw .refused(refusals.all) }
        let inside = try ask(stopped, traits, vdso)
        Self.refuse(inside, into: &refusals)
        if target.origin != nil { Self.refuse(inside.threads, stillIn: mappings.window, into: &refusals) }
        guard refusals.all.isEmpty else { throw .refused(refusals.all) }
        return CapturedProcess(
            traits: traits, inside: inside, mappings: mappings.mappings, vdso: vdso, window: mappings.window,
            table: descriptors.table, descriptors: descriptors.entries, options: descriptors.options,
            watches: descriptors.watches, fileWatches: descriptors.fileWatches, files: descriptors.files,
            children: children,
            remarks: descriptors.remarks, hasScratch: tree != nil)
    }

    private func ask(
        _ stopped: StoppedProcess, _ traits: ProcessTraits, _ vdso: VirtualDSO
    ) throws(FreezeError) -> CapturedInside {
        try Self.perform("read the registers of process \(target.pid)") { () throws(Errno) in
            let code = try process.bytes(Int(vdso.end - vdso.codeStart), at: vdso.codeStart)
            guard let place = code.indices.dropLast().first(where: { code[$0] == 0x0F && code[$0 + 1] == 0x05 }) else {
                throw .notSupported
            }
            let capture = ThreadCapture(
                traits: traits.threads, threads: stopped.threads, process: process,
                instruction: vdso.codeStart + UInt64(place), means: target.means)
            return try capture.capture(signals: traits.changedSignals, timers: traits.timers)
        }
    }

    /// Threads of a clone that have not come out of the restorer yet: others may run before them.
    private static func refuse(_ threads: [CapturedThread], stillIn window: UInt64, into refusals: inout Refusals) {
        for thread in threads where (window..<window + THAW_WINDOW_SIZE).contains(thread.registers.instructionPointer) {
            refusals.add(
                "thread \(thread.tid) of the clone has not begun yet", "freeze the clone a moment later",
                patience: .moment)
        }
    }

    private static func refuse(_ inside: CapturedInside, into refusals: inout Refusals) {
        for thread in inside.threads {
            let name = "thread \(thread.tid) (\(String(decoding: thread.name, as: UTF8.self)))"
            let inUse = thread.extendedState.withUnsafeBytes {
                $0.count < 520 ? 0 : $0.loadUnaligned(fromByteOffset: ExtendedStateLayout.inUse, as: UInt64.self)
            }
            if inUse & ~ExtendedStateLayout.host.features != 0 {
                refusals.add("\(name) uses matrix tiles (AMX)", "release them with TILERELEASE before the snapshot")
            }
            if thread.parentDeathSignal != 0 {
                refusals.add(
                    "\(name) asks for signal \(thread.parentDeathSignal) when its parent ends",
                    "do not use PR_SET_PDEATHSIG: a clone's parent is another")
            }
            if thread.timeStampMode != 1 {
                refusals.add("\(name) may not read the time stamp counter", "do not use PR_SET_TSC")
            }
            if thread.registers.codeSegment != 0x33 {
                refusals.add("\(name) runs 32-bit code", "use 64-bit programs only")
            }
            for finding in thread.settings.findings { refusals.add("\(name) \(finding.what)", finding.remedy) }
        }
        for finding in inside.settings.findings { refusals.add("the runtime \(finding.what)", finding.remedy) }
        for timer in inside.timers where !PosixTimer.clocks.contains(timer.clock) {
            let clock = timer.clock == -2 ? "the processor time of one thread" : "clock \(timer.clock)"
            refusals.add("timer \(timer.id) runs by \(clock)", "delete it in a before-snapshot hook")
        }
    }

    // MARK: - What is written

    private func copyMemory(_ mappings: [CapturedMapping]) throws(FreezeError) -> (CopiedMemory, UInt64) {
        let capture = try Self.perform("look through the memory of process \(target.pid)") { () throws(Errno) in
            try MemoryCapture(mappings, of: process, base: base, by: target.means.pages)
        }
        var refusals = Refusals()
        for address in capture.guardPages {
            refusals.add("there is a guard page at 0x\(String(address, radix: 16))", "do not use MADV_GUARD_INSTALL")
        }
        guard refusals.all.isEmpty else { throw .refused(refusals.all) }
        let memory = try Self.perform("write \(directory)/memory") { () throws(Errno) in
            let file = try Self.create(directory.appending(ImageFile.memory))
            return try capture.copy(into: file)
        }
        return (memory, UInt64(capture.fileSize))
    }

    private func write(_ captured: CapturedProcess, _ memory: CopiedMemory, _ size: UInt64) throws(FreezeError) {
        let usesBase = memory.sharedBytes > 0
        if let base, usesBase {
            try Self.perform("link \(directory)/base") { () throws(Errno) in
                let path = directory.appending(ImageFile.base)
                try Self.removeOld(path)
                try base.file.descriptor.link(to: path)
            }
        }
        let state = captured.state(memorySize: size, baseSize: usesBase ? base?.size ?? 0 : 0, memory)
        guard state.count <= ImageLimit.stateSize else {
            throw .failed("the process's state takes \(state.count >> 20) MiB; at most \(ImageLimit.stateSize >> 20)")
        }
        try Self.perform("write \(directory)/state") { () throws(Errno) in
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

    private static func perform<R>(_ what: String, _ body: () throws(Errno) -> R) throws(FreezeError) -> R {
        do {
            return try body()
        } catch {
            throw .failed("cannot \(what): \(error)")
        }
    }
}
