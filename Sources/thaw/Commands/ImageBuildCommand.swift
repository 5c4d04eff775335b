import ArgumentParser
import BaseImages
import Logging

struct ImageBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build the base image of a runtime, if it is not there already.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The runtimes, for example java17 or python3.11.") var runtimes: [String]

    @concurrent
    func run() async throws {
        let store = try ImageStore.open(state)
        for runtime in runtimes {
            let image = try await store.build(runtime, progress: Progress.report(runtime))
            print("\(runtime) \(image.digest)")
        }
    }
}

extension ImageStore {
    static func open(_ state: StateOptions) throws -> ImageStore {
        ImageStore(directory: state.images, share: try ShareDirectory.installed(), logger: .forServer(.warning))
    }
}
