import LinuxKit
import Sandboxes
import SystemPackage

/// Makes roots from image files.
struct SandboxRoots: Sendable {
    private let images = ImageMounts()
    private let devices: DeviceTree
    /// Empty, on the host; roots are mounted on it in their own namespaces only.
    private let mountPoint: FilePath
    private let owner: FileOwner
    /// Makes what is root's in an image the owner's.
    private let mapping: SharedDescriptor

    /// - Parameter mapping: ``Identity/namespaceOfFiles(_:_:)``.
    init(mountPoint: FilePath, owner: FileOwner, mapping: SharedDescriptor) throws(SandboxError) {
        try hostCall("make \(mountPoint)") {
            try Directory.create(mountPoint, existingIsFine: true)
        }
        self.mountPoint = mountPoint
        self.owner = owner
        self.mapping = mapping
        devices = try DeviceTree()
    }

    /// What a runtime boots in. Blocks.
    func rootForBooting(
        base: FilePath, code: FilePath?, layers: FilePath? = nil, scratchBytes: UInt64, isSeed: Bool = false
    ) throws(SandboxError) -> SandboxRoot {
        SandboxRoot(
            base: try images.mount(base), code: try optional(code), layers: try optional(layers), devices: devices,
            owner: owner, mapping: mapping, scratch: .empty(bytes: scratchBytes), isSeed: isSeed, hasProcesses: true)
    }

    /// What a template stands in; its clones mount /proc, and their own /tmp, themselves. Blocks.
    func rootForTemplate(
        base: FilePath, code: FilePath?, layers: FilePath? = nil, scratch: FilePath?
    ) throws(SandboxError) -> SandboxRoot {
        SandboxRoot(
            base: try images.mount(base), code: try optional(code), layers: try optional(layers), devices: devices,
            owner: owner, mapping: mapping,
            scratch: try scratch.map { path throws(SandboxError) in .frozen(try images.mount(path)) } ?? .none,
            hasProcesses: false)
    }

    private func optional(_ image: FilePath?) throws(SandboxError) -> ImageMount? {
        try image.map { path throws(SandboxError) in try images.mount(path) }
    }

    /// Keeps an image mounted for as long as it is held. Blocks.
    func imageMount(_ image: FilePath) throws(SandboxError) -> ImageMount { try images.mount(image) }

    /// A mount of an image, for one who has no root made here. Blocks.
    func attachable(_ image: FilePath) throws(SandboxError) -> DetachedMount {
        try images.mount(image).attachable().owned(by: mapping)
    }

    /// Steps that show a child `mount` and nothing else new, at the path that comes back.
    func steps(showing mount: DetachedMount) -> (steps: [SpawnStep], path: FilePath) {
        (
            [
                .mount(source: "none", target: "/", type: "", flags: [.private, .recursive], data: ""),
                .attach(mount, at: mountPoint),
            ], mountPoint
        )
    }

    func steps(for root: SandboxRoot) throws(SandboxError) -> [SpawnStep] { try root.steps(at: mountPoint) }
}
