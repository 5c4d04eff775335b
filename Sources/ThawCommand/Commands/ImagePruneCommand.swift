import ArgumentParser
import BaseImages
import ServerAssembly
import Snapshots
import Terminal

struct ImagePruneCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove base images that are no longer current and that nothing uses.",
        discussion: """
            Kept are the images that functions start from now, those that a snapshot was taken on, and those that a running \
            server has used since it started.
            """)

    @OptionGroup var state: StateOptions
    @Flag(name: .customLong("dry-run"), help: "Remove nothing; say what would be removed.") var dryRun = false

    @concurrent
    func run() async throws {
        let snapshots = state.directory.snapshots
        let pruned = try await state.directory.imageStore().prune(dryRun: dryRun) {
            Set(try SnapshotStore.survey(snapshots).map(\.snapshot.imageDigest))
        }
        for item in pruned.removed { print("\(dryRun ? "would remove" : "removed") \(Self.text(item))") }
        for image in pruned.inUse { print("kept \(image.runtime) \(image.digest): a running server uses it") }
        print("\(Format.mebibytes(Double(pruned.freedBytes) / 1_048_576)) \(dryRun ? "would be freed" : "freed")")
    }

    private static func text(_ item: ImageStore.Pruned.Item) -> String {
        switch item {
        case .image(let image): "\(image.runtime) \(image.digest)"
        case .part(let name): "the part \(name)"
        }
    }
}
