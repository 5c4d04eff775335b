internal import Basics
package import GuestProtocol
package import NetworkModel
package import Snapshots
package import SystemPackage

/// Everything an engine needs to boot one sandbox.
package struct SandboxSpecification: Sendable {
    package var id: SandboxID
    package var isolation: IsolationLevel
    /// Where what runs in it may send to, from its first instruction on.
    package var network: NetworkMode
    package var image: SandboxImage
    /// erofs, read-only, at /var/task; nil where the root has the function's code, as a container's has.
    package var codeImage: FilePath?
    /// erofs, read-only, at /opt; nil leaves that empty.
    package var layersImage: FilePath?
    package var memoryMegabytes: Int
    /// A pristine ext4 image of the size of /tmp; never written, every sandbox gets a copy-on-write view.
    package var scratchImage: FilePath
    package var initialization: Initialization
    /// How the runtime is booted without a function; nil when it cannot be.
    package var seed: SeedRecipe?

    package init(
        id: SandboxID, isolation: IsolationLevel, network: NetworkMode, image: SandboxImage,
        codeImage: FilePath?, memoryMegabytes: Int, scratchImage: FilePath, initialization: Initialization,
        seed: SeedRecipe? = nil, layersImage: FilePath? = nil
    ) {
        self.id = id
        self.isolation = isolation
        self.network = network
        self.image = image
        self.codeImage = codeImage
        self.memoryMegabytes = memoryMegabytes
        self.scratchImage = scratchImage
        self.initialization = initialization
        self.seed = seed
        self.layersImage = layersImage
    }
}

/// The read-only files a sandbox runs from, each named by its content.
package struct SandboxImage: Sendable, Equatable {
    package var kernel: FilePath
    package var initramfs: FilePath
    package var root: FilePath
    /// SHA-256 over kernel, initramfs and root: what a snapshot was taken on.
    package var digest: String

    package init(kernel: FilePath, initramfs: FilePath, root: FilePath, digest: String) {
        self.kernel = kernel
        self.initramfs = initramfs
        self.root = root
        self.digest = digest
    }

    /// As a snapshot of a sandbox that runs from it needs it.
    package func basis(code: FilePath?, layers: FilePath? = nil) -> SnapshotBasis {
        SnapshotBasis(kernel: kernel, initramfs: initramfs, root: root, code: code, layers: layers)
    }
}

/// `thaw-` and 16 hex digits: names the sandbox's cgroup and directories, so that a sweep knows them as ours.
package struct SandboxID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package static func random() -> SandboxID {
        SandboxID(description: "thaw-" + Hexadecimal.text(of: UInt64.random(in: .min ... .max)))
    }
}
