import Glibc
import LinuxKit
import Sandboxes
import SystemPackage

/// The open files one machine runs from. They have no names of their own, or names that others keep: when the machine is
/// gone, so are they.
struct MachineFiles: Sendable {
    struct ScratchLayer: Sendable {
        var file: SharedDescriptor
        var format: QEMUCommandLine.ScratchLayer.Format
    }

    var kernel: SharedDescriptor
    var initramfs: SharedDescriptor
    var root: SharedDescriptor
    var code: SharedDescriptor
    /// Nil: no layers.
    var layers: SharedDescriptor?
    var memory: SharedDescriptor
    /// The pristine image first, the writable layer last.
    var scratch: [ScratchLayer]
    /// What everything QEMU writes to standard error ends up in.
    let errors: SharedDescriptor

    /// Opens the read-only images.
    init(
        image: SandboxImage, codeImage: FilePath, layersImage: FilePath?, memory: SharedDescriptor,
        scratch: [ScratchLayer]
    ) throws(SandboxError) {
        try self.init(
            kernel: Self.open(image.kernel), initramfs: Self.open(image.initramfs), root: Self.open(image.root),
            code: Self.open(codeImage), memory: memory, scratch: scratch)
        layers = try layersImage.map { path throws(SandboxError) in try Self.open(path) }
    }

    init(
        kernel: SharedDescriptor, initramfs: SharedDescriptor, root: SharedDescriptor, code: SharedDescriptor,
        memory: SharedDescriptor, scratch: [ScratchLayer]
    ) throws(SandboxError) {
        self.kernel = kernel
        self.initramfs = initramfs
        self.root = root
        self.code = code
        self.memory = memory
        self.scratch = scratch
        errors = try hostCall("make a file in memory") {
            try OwnedDescriptor.memoryFile(named: "thaw-qemu-errors")
        }.shared()
    }

    static func open(_ path: FilePath, _ mode: FileDescriptor.AccessMode = .readOnly) throws(SandboxError)
        -> SharedDescriptor
    {
        try hostCall("open \(path)") { try OwnedDescriptor.open(path, mode) }.shared()
    }

    /// A writable layer over whatever lies below: an empty qcow2 without a name, on the file system of `directory`.
    static func newScratchLayer(size: UInt64, in directory: FilePath) throws(SandboxError) -> ScratchLayer {
        let file = try hostCall("make a file in \(directory)") {
            let file = try OwnedDescriptor.openTemporary(in: directory)
            try file.writeAll(CopyOnWriteDisk.image(size: size))
            return file
        }
        return ScratchLayer(file: file.shared(), format: .qcow2)
    }
}

extension MachineFiles {
    /// The end of what QEMU wrote to standard error, on one line: it says more than a closed socket.
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
