import GuestProtocol
import LinuxKit
import Sandboxes
import SystemPackage

/// Makes erofs images of trees that nobody else sees: of what a function has in /tmp. Those of runtimes and code are made by
/// `ReadOnlyImage` of BaseImages.
struct ReadOnlyImageMaker: Sendable {
    private static let program: FilePath = "/usr/bin/mkfs.erofs"
    private static let limit = Duration.seconds(120)

    let roots: SandboxRoots
    let spawner: Spawner

    /// - Parameters:
    ///   - image: where, as the maker's process sees it.
    ///   - file: what that process has open as descriptor 3.
    func make(
        of tree: DetachedMount, at image: FilePath, file: SharedDescriptor? = nil
    ) async throws(SandboxError) {
        let (steps, path) = roots.steps(showing: tree)
        var plan = SpawnPlan(
            executable: Self.program,
            arguments: [
                "mkfs.erofs", "--quiet", "-x-1", "--force-uid=\(RuntimeUser.user)",
                "--force-gid=\(RuntimeUser.group)", image.string, path.string,
            ], environment: ["PATH": "/usr/bin:/bin"])
        plan.namespaces = [.mount]
        plan.steps = steps
        let words = try hostCall("make a file in memory") {
            try OwnedDescriptor.memoryFile(named: "thaw-mkfs").shared()
        }
        plan.descriptors = [1: words, 2: words]
        if let file { plan.descriptors[3] = file }
        let maker: ChildProcess
        do { maker = try await spawner.spawn(plan) } catch {
            throw .host("\(error). Is erofs-utils installed? `thaw doctor` tells what is missing")
        }
        let exit = try? await maker.wait(atMost: Self.limit)
        guard case .exited(status: 0) = exit?.reason else {
            await maker.end()
            throw .host("mkfs.erofs does not make an image of a sandbox's files: \(Self.text(words))")
        }
    }

    private static func text(_ file: SharedDescriptor) -> String {
        let number = file.withRaw { $0 }
        let text = (try? SmallFile.text(FilePath("/proc/self/fd/\(number)"))) ?? ""
        return text.split(separator: "\n").suffix(3).joined(separator: "; ")
    }
}
