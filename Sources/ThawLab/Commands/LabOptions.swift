import ArgumentParser
import Foundation
import ServerAssembly

/// Where base images are, and below what the laboratory's servers have their state.
struct LabOptions: ParsableArguments {
    @Option(
        name: .customLong("state-dir"),
        help: "Directory with the images, and for the state of the laboratory's servers; also by THAW_STATE_DIR.")
    var stateDirectory = Self.standard

    private static var standard: String {
        let named = ProcessInfo.processInfo.environment["THAW_STATE_DIR"] ?? ""
        return named.isEmpty ? StateDirectory.standard : named
    }

    var directory: StateDirectory { StateDirectory(stateDirectory) }
}

extension Isolation: ExpressibleByArgument {}
