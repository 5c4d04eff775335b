import ArgumentParser
import BaseImages
import FunctionModel
import Logging
import ServerAssembly
import Terminal

struct ImageBuildCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build the base image of a runtime, if it is not there already.",
        discussion: """
            Takes packages from Debian's mirrors and PyPI. On a host that cannot reach them, thaw image import takes what \
            thaw image export wrote on one that can.
            """)

    private static func isFetching(_ error: ImageError) -> Bool {
        guard case .toolFailed(let tool, _, _) = error else { return false }
        return [Tool.mmdebstrap, .pip].map(\.name).contains(tool)
    }

    @OptionGroup var state: StateOptions
    @Argument(help: "The runtimes, for example java17, python3.11 or nodejs20.x.") var runtimes: [String]

    @concurrent
    func run() async throws {
        let store = try state.directory.imageStore()
        for runtime in runtimes {
            do {
                let image = try await store.build(Runtimes.image(for: runtime), progress: Progress.report(runtime))
                print("\(runtime) \(image.digest)")
            } catch {
                if Self.isFetching(error) {
                    Progress.say(
                        """
                        This step needs Debian's mirrors and PyPI. Without a way to them, run `thaw image export \(runtime) \
                        FILE` on a host that has one, and `thaw image import FILE` here.
                        """)
                }
                throw error
            }
        }
    }
}
