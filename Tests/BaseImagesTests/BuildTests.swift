import BaseImages
import LinuxKit
import Logging
import SystemPackage
import TestSupport
import Testing

/// Builds with the real packages: needs the Debian mirror, PyPI and root; about a minute.
@Suite(
    .requiresRoot, .requiresFile("/usr/bin/mmdebstrap", "run `apt-get install mmdebstrap`"), .timeLimit(.minutes(15)))
struct BuildTests {
    @Test func thePythonImageIsTheSameEveryTime() async throws {
        try await withScratchDirectory { scratch in
            let share = ShareDirectory(path: scratch.appending("share"))
            try Tree.make(share.guest.removingLastComponent())
            try Files.write("guest", to: share.guest, mode: .imageExecutable)
            try Tree.make(share.runtimes)
            try Files.symbolicLink(
                share.runtime("python3.11"), to: RecipeTests.runtimes.appending("python3.11").string)

            let first = ImageStore(directory: scratch.appending("first"), share: share, logger: Logger(label: "test"))
            let image = try await first.build("python3.11") { print($0) }
            try await first.verify(image)
            #expect(try Array(Files.read(image.kernel).prefix(4)) == [0x7f, 0x45, 0x4c, 0x46])
            #expect(image.debianPackages.contains { $0.hasPrefix("python3.11_") })
            #expect(
                FileInfo(scratch.appending("first/staging")).map { _ in
                    try? Tree.names(in: scratch.appending("first/staging"))
                } == [])

            let inputs = try ImageInputs(runtime: "python3.11", share: share)
            let second = ImageStore(directory: scratch.appending("second"), share: share, logger: Logger(label: "test"))
            let root = try await second.rootPart("python3.11", inputs) { print($0) }
            #expect(root.manifest.files["root.erofs"]?.sha256 == (try Files.digest(of: image.root)))
        }
    }
}
