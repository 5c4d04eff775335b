import ArgumentParser
import Foundation

package struct DoctorCommand: AsyncParsableCommand, ConfiguredCommand {
    package static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tell what this host can do, and what to do about what it cannot.",
        discussion: """
            Tries what a server does, with the parts that do it: what is told to work has worked. Takes the options of \
            `thaw serve`, --state-dir and --isolation among them, and its configuration, and tells about a server with these.
            Ends with 0 when Thaw can be used here, at the isolation level asked for or, by default, at either; else with 1.
            """)

    package static var takesServerOptions: Bool { true }

    @OptionGroup(visibility: .hidden) var options: ServerOptions
    @Flag(help: "One JSON array of objects with name, status (good, warning, failed), found, remedy and isolation.")
    var json = false

    package init() {}

    @concurrent
    package func run() async throws {
        let report = try await HostReport.make(options.configuration)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report.checks), as: UTF8.self))
        } else {
            print(report.text(for: options.isolation))
        }
        if !report.isUsable(at: options.isolation) { throw ExitCode.failure }
    }
}
