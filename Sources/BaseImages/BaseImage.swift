package import SystemPackage

/// The read-only files that every sandbox of one runtime boots from. Built by ``ImageStore/build(_:verifying:progress:)``.
package struct BaseImage: Sendable, Equatable {
    /// As AWS names it, for example `python3.11`.
    package let runtime: String
    /// SHA-256 over the digests of kernel, initramfs and root, in hex: what a snapshot was taken on.
    package let digest: String
    /// erofs, read-only.
    package let root: FilePath
    /// An uncompressed ELF kernel, booted through its PVH entry.
    package let kernel: FilePath
    /// newc cpio: `/init` is the guest supervisor, `/modules/NN-name.ko` are loaded in that order.
    package let initramfs: FilePath
    package let kernelRelease: String
    /// The runtime's argument vector; an element that is ``handlerPlaceholder`` stands for the function's handler, and
    /// ``memoryPlaceholder`` in any of them for the function's memory size in megabytes.
    package let command: [String]
    /// What starts it for some functions; nil when its ``command`` does for all.
    package let launcher: Launcher?
    /// The environment that belongs to this runtime, not to a function.
    package let environment: [String: String]
    /// How it is booted without a function; nil when it cannot be.
    package let seed: Seed?
    /// As INIT_START names it, for example `python:3.11.v1`.
    package let runtimeVersion: String
    /// The language's own, for example `3.11.2`; empty where the recipe names none.
    package let release: String
    /// The Debian packages in the root image, as `name_version_architecture`.
    package let debianPackages: [String]

    package init(
        runtime: String, digest: String, root: FilePath, kernel: FilePath, initramfs: FilePath, kernelRelease: String,
        command: [String], launcher: Launcher? = nil, environment: [String: String], seed: Seed?,
        runtimeVersion: String, release: String = "", debianPackages: [String]
    ) {
        self.runtime = runtime
        self.digest = digest
        self.root = root
        self.kernel = kernel
        self.initramfs = initramfs
        self.kernelRelease = kernelRelease
        self.command = command
        self.launcher = launcher
        self.environment = environment
        self.seed = seed
        self.runtimeVersion = runtimeVersion
        self.release = release
        self.debianPackages = debianPackages
    }

    package struct Seed: Codable, Sendable, Equatable {
        /// The argument vector, with ``memoryPlaceholder`` as in ``BaseImage/command``.
        package var command: [String]
        /// Names of variables that count when the process starts, or prefixes that end in `*`.
        package var startVariables: [String]

        package init(command: [String], startVariables: [String]) {
            self.command = command
            self.startVariables = startVariables
        }
    }

    /// A program of the image that is given ``BaseImage/command`` and becomes it, when a function sets one of the variables
    /// that the program reads: a wrapper around the runtime, options that contradict the command's.
    package struct Launcher: Codable, Sendable, Equatable {
        package var program: String
        package var variables: [String]

        package init(program: String, variables: [String]) {
            self.program = program
            self.variables = variables
        }
    }

    package static let handlerPlaceholder = "{handler}"
    package static let memoryPlaceholder = "{memory}"

    /// ``command`` for a function with this handler, memory size and environment, behind the launcher if one is needed.
    package func arguments(
        handler: String, memoryMegabytes: Int, environment: [String: String]
    ) -> [String] {
        let own = command.map { word in
            word == BaseImage.handlerPlaceholder ? handler : BaseImage.replaced(word, memoryMegabytes)
        }
        guard let launcher, launcher.variables.contains(where: { environment[$0]?.isEmpty == false }) else {
            return own
        }
        return [launcher.program] + own
    }

    /// ``Seed/command`` for functions with this memory size; nil without a seed.
    package func seedArguments(memoryMegabytes: Int) -> [String]? {
        seed?.command.map { BaseImage.replaced($0, memoryMegabytes) }
    }

    private static func replaced(_ word: String, _ memoryMegabytes: Int) -> String {
        word.replacing(memoryPlaceholder, with: "\(memoryMegabytes)")
    }

    /// As GetFunctionConfiguration and INIT_START show it.
    package func runtimeVersionARN(region: String) -> String {
        "arn:aws:lambda:\(region)::runtime:\(digest)"
    }
}
