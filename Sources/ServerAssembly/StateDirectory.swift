import BaseImages
import Foundation
import Logging
import NetworkModel
import SystemPackage

/// Where a server keeps everything, and what lies where in it.
package struct StateDirectory: Sendable, Equatable {
    package static let standard = "/var/lib/thaw"

    /// Absolute, so that it means the same in a child process and in a jail.
    package let path: FilePath

    package init(_ directory: String) { path = Self.absolute(directory) }

    /// What a path that was given to a command means in its working directory.
    package static func absolute(_ path: String) -> FilePath {
        let given = FilePath(path)
        return given.isRelative
            ? FilePath(FileManager.default.currentDirectoryPath).pushing(given).lexicallyNormalized()
            : given.lexicallyNormalized()
    }

    package var images: FilePath { path.appending("images") }
    package var snapshots: FilePath { path.appending("snapshots") }
    /// Roots of container images.
    package var containers: FilePath { path.appending("containers") }
    package var networks: FilePath { path.appending("networks") }
    package var logs: FilePath { path.appending("logs") }
    var sandboxes: FilePath { path.appending("sandboxes") }
    var secret: FilePath { path.appending("secret") }
    var generation: FilePath { path.appending("generation") }

    /// Names this directory's cgroups and network slots: the same at every start, another one for another directory. FNV-1a.
    package var instance: String {
        let hash = path.string.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return String(hash, radix: 36)
    }

    package func imageStore() throws -> ImageStore {
        ImageStore(directory: images, share: try ShareDirectory.installed(), logger: .forServer(.warning))
    }

    package func networkStore() -> NetworkStore { NetworkStore(directory: networks) }
}
