import BaseImages
import Foundation
import LinuxKit
import ProcessEngine
import SystemPackage

extension ShareDirectory {
    /// What this executable was installed with.
    package static func installed() throws -> ShareDirectory {
        try locate(
            environment: ProcessInfo.processInfo.environment,
            executable: FilePath(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")))
    }

    /// What `thaw --version` says.
    package static func installedVersion() -> String {
        let text = (try? installed()).flatMap { try? SmallFile.text($0.version) }
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
    }

    var processPrograms: ProcessEngine.Programs { ProcessEngine.Programs(restorer: restorer, workshop: workshop) }
}
