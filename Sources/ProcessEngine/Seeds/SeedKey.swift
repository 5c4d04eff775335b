import Basics
import Crypto
import Sandboxes
import SystemPackage

/// What a seed depends on: functions for which this is the same can start from one seed.
struct SeedKey: Sendable, Hashable, CustomStringConvertible {
    /// SHA-256, in hex.
    let description: String

    init(_ recipe: SeedRecipe, image: SandboxImage, memoryMegabytes: Int, host: SnapshotRequirements) {
        var hash = SHA256()
        func add(_ words: some Sequence<String>) {
            for word in words { hash.update(data: Array(word.utf8) + [0]) }
            // Between two lists: no word begins so.
            hash.update(data: [1, 0])
        }
        add(["seed 1", image.digest, "\(memoryMegabytes)"])
        add(host.requirements.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
        add(recipe.arguments)
        add(recipe.environment.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
        add(recipe.startVariables)
        description = hash.finalize().hexadecimal
    }

    /// As a seed's manifest has it.
    init(stored description: String) { self.description = description }
}

extension Digest {
    var hexadecimal: String {
        Hexadecimal.text(self)
    }
}
