import ArgumentParser
import Foundation
import SystemPackage

/// Where a server keeps everything: the commands that work on the same state share this.
struct StateOptions: ParsableArguments {
    @Option(name: .customLong("state-dir"), help: "Directory for functions, images, snapshots and logs.")
    var stateDirectory = "/var/lib/thaw"

    /// Absolute, so that it means the same in a child process and in a jail.
    var directory: FilePath {
        let given = FilePath(stateDirectory)
        guard given.isRelative else { return given.lexicallyNormalized() }
        return FilePath(FileManager.default.currentDirectoryPath).pushing(given).lexicallyNormalized()
    }

    var images: FilePath { directory.appending("images") }
    var snapshots: FilePath { directory.appending("snapshots") }
    var networks: FilePath { directory.appending("networks") }
    var logs: FilePath { directory.appending("logs") }
}
