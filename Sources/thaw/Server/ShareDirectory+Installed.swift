import BaseImages
import Foundation
import SystemPackage

extension ShareDirectory {
    /// What this executable was installed with.
    static func installed() throws -> ShareDirectory {
        try locate(
            environment: ProcessInfo.processInfo.environment,
            executable: FilePath(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")))
    }
}
