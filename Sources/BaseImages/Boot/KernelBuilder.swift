internal import LinuxKit
internal import SystemPackage

/// Gets Debian's cloud kernel and the modules that a guest needs. Nothing is installed on the host.
struct KernelBuilder {
    let suite: String
    let workspace: FilePath
    let progress: ImageStore.Progress

    /// The kernel, and the smallest package that satisfies its wish for a builder of initramfs archives.
    static let packages = ["linux-image-cloud-amd64", "tiny-initramfs"]

    struct Result: Sendable {
        var kernel: FilePath
        /// In load order.
        var modules: [FilePath]
        var release: String
    }

    func build() async throws(ImageError) -> Result {
        let log = workspace.appending("log")
        let tree = workspace.appending("tree")
        progress("unpacking Debian's cloud kernel (\(suite))")
        _ = try await DebianTree(suite: suite, log: log).unpack(KernelBuilder.packages, into: tree)
        let workspace = workspace
        return try await BlockingThread.run { () throws(ImageError) in try KernelBuilder.take(from: tree, to: workspace)
        }
    }

    private static func take(from tree: FilePath, to workspace: FilePath) throws(ImageError) -> Result {
        let boot = tree.appending("boot")
        guard let name = try Tree.names(in: boot).filter({ $0.hasPrefix("vmlinuz-") }).max() else {
            throw .missing(
                "a kernel in the package \(packages[0])", remedy: "report it: the package has changed its shape")
        }
        let release = String(name.dropFirst("vmlinuz-".count))
        let packed = boot.appending(name)
        let image = try Files.read(packed)
        let kernel: [UInt8]
        do {
            kernel = try BootableKernel.extract(from: image)
        } catch {
            throw .damaged(packed, reason: "no usable kernel in it: \(error)")
        }
        let result = workspace.appending("kernel")
        try Files.write(kernel, to: result)
        let modules = try takeModules(from: tree.appending("lib/modules").appending(release), to: workspace)
        try Tree.remove(tree)
        return Result(kernel: result, modules: modules, release: release)
    }

    private static func takeModules(from source: FilePath, to workspace: FilePath) throws(ImageError) -> [FilePath] {
        let builtInList = String(decoding: try Files.read(source.appending("modules.builtin")), as: UTF8.self)
        var places: [String: FilePath] = [:]
        for file in try Tree.files(below: source) where file.extension == "ko" {
            places[KernelModules.name(of: file.string)] = source.pushing(file)
        }
        var catalogue = KernelModules(
            dependencies: [:],
            builtIn: Set(builtInList.split(separator: "\n").map { KernelModules.name(of: String($0)) }))
        var contents: [String: [UInt8]] = [:]
        var pending = KernelModules.needed
        while let name = pending.popLast() {
            guard catalogue.dependencies[name] == nil, let place = places[name] else { continue }
            let content = try Files.read(place)
            contents[name] = content
            catalogue.dependencies[name] = KernelModules.dependencies(ofModule: content)
            pending += catalogue.dependencies[name] ?? []
        }
        let order: [String]
        do {
            order = try catalogue.loadOrder(of: KernelModules.needed)
        } catch {
            throw .missing(
                "the kernel module \(error.module) in \(source)", remedy: "report it: Debian's kernel has changed")
        }
        let directory = workspace.appending("modules")
        try Tree.make(directory)
        var modules: [FilePath] = []
        for name in order {
            let module = directory.appending("\(name).ko")
            try Files.write(contents[name] ?? [], to: module)
            modules.append(module)
        }
        return modules
    }
}
