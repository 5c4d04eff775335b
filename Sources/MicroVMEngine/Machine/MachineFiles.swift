import Glibc
import LinuxKit
import Sandboxes
import SystemPackage

/// The open files one machine runs from. They have no names of their own, or names that others keep: when the machine is
/// gone, so are they.
package struct MachineFiles: Sendable {
    var kernel: SharedDescriptor
    var initramfs: SharedDescriptor
    var root: SharedDescriptor
    /// Nil: the root has the code.
    var code: SharedDescriptor?
    /// Nil: no layers.
    var layers: SharedDescriptor?
    var memory: SharedDescriptor
    /// The state of processors and devices, which is written at a freeze and read by clones. Nil: of neither.
    var state: SharedDescriptor?
    /// The disk behind /tmp.
    var scratch: [DiskLayer]
    /// What everything the process writes to standard error ends up in.
    let errors: SharedDescriptor

    /// Opens the read-only images.
    init(
        image: SandboxImage, codeImage: FilePath?, layersImage: FilePath?, memory: SharedDescriptor,
        scratch: [DiskLayer]
    ) throws(SandboxError) {
        try self.init(
            kernel: Self.open(image.kernel), initramfs: Self.open(image.initramfs), root: Self.open(image.root),
            code: nil, memory: memory, scratch: scratch)
        code = try codeImage.map { path throws(SandboxError) in try Self.open(path) }
        layers = try layersImage.map { path throws(SandboxError) in try Self.open(path) }
    }

    init(
        kernel: SharedDescriptor, initramfs: SharedDescriptor, root: SharedDescriptor, code: SharedDescriptor?,
        memory: SharedDescriptor, scratch: [DiskLayer]
    ) throws(SandboxError) {
        self.kernel = kernel
        self.initramfs = initramfs
        self.root = root
        self.code = code
        self.memory = memory
        self.scratch = scratch
        errors = try hostCall("make a file in memory") {
            try OwnedDescriptor.memoryFile(named: "thaw-machine-errors")
        }.shared()
    }

    static func open(_ path: FilePath, _ mode: FileDescriptor.AccessMode = .readOnly) throws(SandboxError)
        -> SharedDescriptor
    {
        try hostCall("open \(path)") { try OwnedDescriptor.open(path, mode) }.shared()
    }

    /// A file without a name for what a machine writes and a snapshot may keep; `directory` is on its file system.
    static func new(in directory: FilePath) throws(Errno) -> OwnedDescriptor {
        let file = try OwnedDescriptor.openTemporary(in: directory)
        try file.giveToMachines()
        return file
    }

    /// Open for nothing but what is asked for.
    func reopenedState(_ mode: FileDescriptor.AccessMode) throws(Errno) -> OwnedDescriptor {
        guard let state else { throw .badFileDescriptor }
        return try state.withRaw { raw throws(Errno) in
            try OwnedDescriptor.open(FilePath("/proc/self/fd/\(raw)"), mode)
        }
    }
}

extension OwnedDescriptor {
    /// What machines may open for reading and writing, all of them.
    borrowing func giveToMachines() throws(Errno) {
        try setOwner(user: 0, group: MachineUser.group)
        try setPermissions([.ownerReadWrite, .groupReadWrite])
    }
}

extension MachineFiles {
    /// The end of what the machine's process wrote to standard error, on one line: it says more than a closed socket.
    var lastWords: String? {
        let size = (try? FileStatus.of(errors.descriptor))?.size ?? 0
        return errors.withRaw { raw in
            var bytes = [UInt8](repeating: 0, count: 1_000)
            let count = pread(raw, &bytes, bytes.count, max(0, Int(size) - bytes.count))
            let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            return text.isEmpty ? nil : text.split(separator: "\n").joined(separator: "; ")
        }
    }
}
