import Glibc
internal import LinuxKit
package import SystemPackage

/// Runs `body` with a fresh directory, and removes it on every path out.
package func withScratchDirectory<R>(_ body: (FilePath) throws -> R) throws -> R {
    let path = try makeScratchDirectory()
    defer { try? Directory.removeTree(path) }
    return try body(path)
}

/// The same for a body that suspends.
package func withScratchDirectory<R>(_ body: (FilePath) async throws -> R) async throws -> R {
    let path = try makeScratchDirectory()
    defer { try? Directory.removeTree(path) }
    return try await body(path)
}

private func makeScratchDirectory() throws(Errno) -> FilePath {
    let parent = getenv("TMPDIR").map { FilePath(platformString: $0) } ?? "/tmp"
    let path = parent.appending("thaw-test-\(String(UInt64.random(in: .min ... .max), radix: 36))")
    try Directory.create(path)
    return path
}
