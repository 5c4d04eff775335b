import ArgumentParser
import ServerAssembly
import SystemPackage

struct LogsCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what a function and the platform logged.",
        discussion: "Reads the files under <state-dir>/logs, so it works without a server too.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The function's name.") var function: String
    @Option(help: "Show one version only: a number or $LATEST.") var version: String?
    @Flag(name: .shortAndLong, help: "Go on showing what is logged, until interrupted.") var follow = false
    @Flag(name: .shortAndLong, help: "Begin each line with its time and its log stream.") var timestamps = false

    func validate() throws {
        guard FilePath.Component(function) != nil, !function.contains("/"), function != "..", function != "." else {
            throw ValidationError("'\(function)' is not a function's name")
        }
    }

    @concurrent
    func run() async throws {
        let reader = LogReader(
            directory: state.directory.logs.appending(function), version: version, showsTimestamps: timestamps)
        guard follow else {
            let shown = try reader.show()
            guard !shown else { return }
            let versions = version == nil ? [] : try reader.versions()
            throw LogsError.nothingLogged(function, version: version, others: versions, in: state.directory.logs)
        }
        try await LogFollower(reader: reader).run()
    }
}

package enum LogsError: Error, CustomStringConvertible {
    /// - others: the versions that have logged.
    case nothingLogged(String, version: String?, others: [String], in: FilePath)
    case cannotWatch(FilePath, Errno)

    package var description: String {
        switch self {
        case .nothingLogged(let function, let version?, let others, _) where !others.isEmpty:
            """
            nothing has been logged for version \(version) of \(function). These have logged: \
            \(others.joined(separator: ", ")).
            """
        case .nothingLogged(let function, _, _, let directory):
            """
            nothing has been logged for \(function) in \(directory). Check the name and --state-dir; a function logs when \
            it is published with SnapStart or invoked.
            """
        case .cannotWatch(let path, let cause): "cannot watch \(path): \(cause)"
        }
    }
}
