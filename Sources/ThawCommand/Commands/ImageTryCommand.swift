import ArgumentParser
import FunctionModel
import Glibc
import GuestProtocol
import Logging
import ServerAssembly
import Terminal

struct ImageTryCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Run a container image's init once, and say what it did.",
        discussion: """
            Pulls the image, starts its program in a sandbox as a function with SnapStart would, waits until it has asked the \
            Runtime API for something that init ends with, and takes a snapshot. Nothing of it is left, and no server is needed. \
            It tells whether a version of a function of this image could be published, before anybody tries on AWS.
            """)

    @OptionGroup var state: StateOptions
    @OptionGroup(title: "Container images") var containers: ContainerOptions
    @Option(help: "auto, microvm or process.") var isolation = Isolation.auto
    @Option(help: ArgumentHelp("Megabytes of the function's memory.", valueName: "mb")) var memory = 1024
    @Argument(help: "HOST[:PORT]/NAME[:TAG], oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE.")
    var image: String

    func validate() throws {
        guard Limits.memory.contains(memory) else {
            throw ValidationError("--memory must be from \(Limits.memory.lowerBound) to \(Limits.memory.upperBound)")
        }
    }

    @concurrent
    func run() async throws {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let trial = ImageTrial(
            in: state.directory, containers: containers.choice, isolation: isolation, memoryMegabytes: memory,
            logger: .forServer(.error))
        let result = try await trial.run(image)
        for (name, value) in Self.lines(result) {
            print("\(name)\(String(repeating: " ", count: 16 - name.count))\(value)")
        }
        if let failure = result.failure, !result.output.isEmpty {
            print("\nWhat it wrote before \(failure.code):\n\(String(decoding: result.output, as: UTF8.self))")
        }
        if result.failure != nil { throw ExitCode.failure }
    }

    /// Nothing wider than the names' column.
    static func lines(_ result: ImageTrial.Result) -> [(name: String, value: String)] {
        let image = result.image
        let root = result.rootBytes.map { ", \(Format.mebibytes(Double($0) / 1_048_576)) as a root file system" } ?? ""
        var lines = [
            ("image", image.resolvedURI),
            ("size", "\(Format.mebibytes(Double(image.size) / 1_048_576)) of layers\(root)"),
            ("made in", Format.milliseconds(result.making)),
            ("program", "\(image.arguments.joined(separator: " ")), in \(image.workingDirectory)"),
            ("label", image.declared.allowsSnapStart ? "allows snapshots" : "none that allows snapshots"),
        ]
        if let (duration, call) = result.initialization {
            lines.append(("init", "\(Format.milliseconds(duration)), until it asked for \(Self.path(call))"))
        } else if result.failure != nil {
            lines.append(("init", "never asked the Runtime API for /restore/next or /invocation/next"))
        }
        lines.append(("snapshot", result.failure.map { "none, \($0.code): \($0.message)" } ?? "taken"))
        return lines
    }

    private static func path(_ call: ReadyCall) -> String {
        switch call {
        case .restoreNext: "/restore/next, as a runtime does that knows of snapshots"
        case .invocationNext: "/invocation/next, as a runtime does that knows nothing of snapshots"
        }
    }
}

extension Format {
    fileprivate static func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return milliseconds(Double(seconds) * 1000 + Double(attoseconds) / 1e15)
    }
}
