import ArgumentParser
import BaseImages
import LinuxKit
import ServerAssembly
import Snapshots
import Terminal

struct ImageListCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the base images that are built, and what uses them.",
        discussion: """
            What functions start from now is current; an older image stays while a snapshot that was taken on it is there. \
            RELEASE is the language's own version. Images share kernels, so the sum of their sizes is more than they take.
            """)

    @OptionGroup var state: StateOptions

    @concurrent
    func run() async throws {
        let users = Dictionary(
            grouping: try SnapshotStore.survey(state.directory.snapshots), by: \.snapshot.imageDigest)
        var table = Table(
            ["RUNTIME", "VERSION", "RELEASE", "KERNEL", "SIZE", "AGE", "USED BY", "DIGEST"], alignRight: [4, 5])
        for listed in try state.directory.imageStore().listed() {
            let image = listed.image
            table.add([
                image.runtime, image.runtimeVersion, image.release.isEmpty ? "-" : image.release, image.kernelRelease,
                Format.mebibytes(Double(listed.bytes) / 1_048_576), Self.age(since: listed.builtAt),
                Self.users(isCurrent: listed.isCurrent, users[image.digest] ?? []), image.digest,
            ])
        }
        print(table.text)
    }

    private static func users(isCurrent: Bool, _ snapshots: [SnapshotManifest]) -> String {
        let versions = snapshots.map { "\($0.snapshot.functionName):\($0.snapshot.functionVersion)" }.sorted()
        let named = versions.prefix(2) + (versions.count > 2 ? ["\(versions.count - 2) more"] : [])
        let all = (isCurrent ? ["new functions"] : []) + named
        return all.isEmpty ? "nothing" : all.joined(separator: ", ")
    }

    /// In the largest unit of which it has at least one.
    private static func age(since built: Int64) -> String {
        let (passed, overflow) = Int64(clamping: WallClock.now()).subtractingReportingOverflow(built)
        let seconds = overflow ? 0 : max(0, passed / 1_000_000_000)
        let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "min")]
        return units.first { seconds >= $0.0 }.map { "\(seconds / $0.0) \($0.1)" } ?? "\(seconds) s"
    }
}
