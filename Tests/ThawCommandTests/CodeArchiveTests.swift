import Foundation
import SystemPackage
import TestSupport
import Testing
import ThawCommand

@Suite struct CodeArchiveTests {
    /// The same files are the same zip, whatever tools left beside them and whenever they were written.
    @Test func aDirectoryIsOneZip() throws {
        try withScratchDirectory { directory in
            for name in ["one", "other"] {
                try write("def handler(e, c): pass\n", to: directory, "\(name)/app.py")
                try write("x = 1\n", to: directory, "\(name)/lib/x.py")
            }
            try write("ref: refs/heads/main\n", to: directory, "other/.git/HEAD")
            try write("?", to: directory, "other/lib/__pycache__/x.pyc")
            let zip = try CodeArchive.read(directory.appending("one"))
            #expect(zip.starts(with: [0x50, 0x4b, 3, 4]))
            #expect(try CodeArchive.read(directory.appending("other")) == zip)
        }
    }

    @Test func aZipIsTakenAsItIs() throws {
        try withScratchDirectory { directory in
            try write("PK", to: directory, "code.zip")
            #expect(try CodeArchive.read(directory.appending("code.zip")) == Array("PK".utf8))
        }
    }

    @Test func whatHasNoCodeIsRefused() throws {
        try withScratchDirectory { directory in
            #expect(throws: (any Error).self) { try CodeArchive.read(directory) }
            #expect(throws: (any Error).self) { try CodeArchive.read(directory.appending("nowhere")) }
        }
    }

    private func write(_ text: String, to directory: FilePath, _ name: String) throws {
        let file = URL(filePath: directory.pushing(FilePath(name)).string)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
