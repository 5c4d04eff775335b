import ArgumentParser
import Foundation
import SystemPackage

/// Where a server keeps everything: the commands that work on the same state share this.
struct StateOptions: ParsableArguments {
    @Option(
        name: .customLong("state-dir"),
        help: "Directory for functions, images, snapshots and logs; also by THAW_STATE_DIR, or in the configuration.")
    var stateDirectory = "/var/lib/thaw"

    // Read before the arguments are, by ``Arguments``.
    @Option(name: .customLong("config"), help: "Configuration file. Default: /etc/thaw/thaw.conf, when there is one.")
    var configuration: String?

    /// Absolute, so that it means the same in a child process and in a jail.
    var directory: FilePath { Self.absolute(stateDirectory) }

    static func absolute(_ directory: String) -> FilePath {
        let given = FilePath(directory)
        guard given.isRelative else { return given.lexicallyNormalized() }
        return FilePath(FileManager.default.currentDirectoryPath).pushing(given).lexicallyNormalized()
    }

    var images: FilePath { directory.appending("images") }
    var snapshots: FilePath { directory.appending("snapshots") }
    var networks: FilePath { directory.appending("networks") }
    var logs: FilePath { directory.appending("logs") }
}
