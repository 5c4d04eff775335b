import Foundation
import Snapshots
import SystemPackage
import TestSupport
import Testing

@Suite struct SparseDigestTests {
    /// The digest that a commit records of a file.
    private func digest(writing write: (FilePath) throws -> Void) async throws -> String {
        var digest = ""
        try await withStore { store in
            let staging = try store.stage()
            try write(staging.path("file"))
            digest = try await store.commit(staging, describing: .example).manifest.files[0].digest
        }
        return digest
    }

    @Test func `The digest does not depend on where the file has holes`() async throws {
        let sparse = try await digest { path in
            try path.write()
            try path.setSize(3 << 20)
            try path.overwrite([1, 2, 3], at: 1 << 20)
        }
        let dense = try await digest { path in
            var bytes = [UInt8](repeating: 0, count: 3 << 20)
            bytes.replaceSubrange((1 << 20)..<(1 << 20) + 3, with: [1, 2, 3])
            try path.write(bytes)
        }
        #expect(sparse == dense)
    }

    @Test func `The digest depends on the size`() async throws {
        let sizes: [UInt64] = [0, 1, 4095, 4096, 4097, 32 << 20, (32 << 20) + 1]
        var digests: Set<String> = []
        for size in sizes {
            digests.insert(
                try await digest { path in
                    try path.write()
                    try path.setSize(size)
                })
        }
        #expect(digests.count == sizes.count)
    }

    /// The values hold the format: a change of them makes every stored snapshot unreadable and needs a new format version.
    @Test(
        "Known content has a known digest",
        arguments: [
            // sha256(u64 0)
            ([], "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"),
            // sha256(u64 3 ‖ sha256(u64 0 ‖ "abc"))
            (Array("abc".utf8), "0919b6bfb3b6247903896f7f1c9bc85af3a1d82d6a4e065ee44af90c0e448df9"),
            // sha256(u64 5000 ‖ sha256(""))
            ([UInt8](repeating: 0, count: 5000), "ebcb06afc4a7654e5c45002f7186cbf28acda3772189c6f5a4e9f37a332e5876"),
            // sha256(u64 5000 ‖ sha256(u64 4096 ‖ 904 zero bytes but the last, which is 1))
            (
                [UInt8](repeating: 0, count: 4999) + [1],
                "9b5c61e41da5bd69b0f6eaf304f49ef534c75dedc2be84d1915d8f1213602b17"
            ),
        ] as [([UInt8], String)])
    func known(content: [UInt8], expected: String) async throws {
        #expect(try await digest { try $0.write(content) } == expected)
    }
}
