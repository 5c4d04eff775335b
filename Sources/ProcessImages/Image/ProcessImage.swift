import CProcessImage
import LinuxKit
import SystemPackage

/// A frozen process, checked: its `state`, and its `memory` and `base` opened.
package struct ProcessImage: Sendable {
    private let state: [UInt8]
    private let summary: StateSummary
    /// Opened for reading.
    package let memory: SharedDescriptor
    /// The memory of what the process is a descendant of; nil when nothing is taken from there.
    package let base: SharedDescriptor?

    /// Reads the image in `directory`. Nothing in it is believed before it has been checked; an image that passes can still
    /// be any program, so its digest must have been checked, too.
    package static func load(_ directory: FilePath) throws(ProcessImageError) -> ProcessImage {
        let state = try bytes(of: open(ImageFile.state, in: directory), directory.appending(ImageFile.state))
        let memory = try open(ImageFile.memory, in: directory)
        // An image without a base may not take one that happens to lie there.
        let wantsBase = try StateCheck.wantsBase(state)
        let base = wantsBase ? try open(ImageFile.base, in: directory) : nil
        let outcome = state.withUnsafeBytes { bytes in
            Result { () throws(ProcessImageError) in
                try StateCheck.check(bytes, memorySize: memory.size, baseSize: base?.size)
            }
        }
        return ProcessImage(
            state: state, summary: try outcome.get(), memory: memory.descriptor, base: base?.descriptor)
    }

    package var window: UInt64 { summary.window }
    package var stateSize: Int { state.count }
    package var memorySize: UInt64 { summary.memorySize }
    package var threadCount: Int { summary.threadCount }
    /// How many processes it has beside the first.
    package var otherProcesses: Int { summary.otherProcesses }
    /// For how many threads there are stacks in the window.
    var stackCount: Int { summary.stackCount }
    /// What of it has content: about as much memory as its template takes.
    package var contentBytes: UInt64 { runs().reduce(0) { $0 &+ ($1.end &- $1.start) } }
    /// The process's pid inside its sandbox.
    package var pid: UInt32 { summary.pid }

    /// A copy of `state` that nobody can change: what was checked is what the restorer reads.
    package func sealedState() throws(Errno) -> OwnedDescriptor {
        try OwnedDescriptor.sealedMemory(named: "thaw-state", content: state)
    }

    /// All runs, ascending by address.
    func runs() -> [thaw_run] {
        state.withUnsafeBytes { bytes in
            stride(
                from: summary.runTable.lowerBound, to: summary.runTable.upperBound, by: MemoryLayout<thaw_run>.stride
            )
            .map { bytes.loadUnaligned(fromByteOffset: $0, as: thaw_run.self) }
        }
    }
}

extension ProcessImage {
    private struct File {
        let descriptor: SharedDescriptor
        let size: UInt64
    }

    private static func open(_ name: String, in directory: FilePath) throws(ProcessImageError) -> File {
        let path = directory.appending(name)
        let file: SharedDescriptor
        let status: FileStatus
        do {
            file = try OwnedDescriptor.open(path, .readOnly, options: [.noFollow, .nonBlocking]).shared()
            status = try FileStatus.of(file.descriptor)
        } catch {
            throw .system(operation: "open", path: path, error)
        }
        guard status.kind == .regular else { throw .invalid(file: name, reason: "it is not a regular file") }
        return File(descriptor: file, size: UInt64(clamping: status.size))
    }

    private static func bytes(of file: File, _ path: FilePath) throws(ProcessImageError) -> [UInt8] {
        guard file.size <= UInt64(ImageLimit.stateSize) else {
            throw .invalid(file: ImageFile.state, reason: "it has \(file.size) bytes")
        }
        do {
            return try file.descriptor.descriptor.readAll(limit: ImageLimit.stateSize)
        } catch {
            throw .system(operation: "read", path: path, error)
        }
    }
}

extension StateCheck {
    /// Whether the header, if it is one, speaks of a base. The rest is not looked at.
    static func wantsBase(_ state: [UInt8]) throws(ProcessImageError) -> Bool {
        let outcome = state.withUnsafeBytes { bytes in
            Result { () throws(ProcessImageError) in
                try StateReader(bytes: bytes).load(thaw_image.self, at: 0, "the header")
            }
        }
        return try outcome.get().base_size > 0
    }
}
