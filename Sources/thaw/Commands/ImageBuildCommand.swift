import ArgumentParser
import BaseImages
import FunctionModel
import Logging

struct ImageBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build the base image of a runtime, if it is not there already.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The runtimes, for example java17, python3.11 or nodejs20.x.") var runtimes: [String]

    @concurrent
    func run() async throws {
        let store = try ImageStore.open(state)
        for runtime in runtimes {
            let image = try await store.build(Runtimes.image(for: runtime), progress: Progress.report(runtime))
            print("\(runtime) \(image.digest)")
        }
    }
}

extension ImageStore {
    static func open(_ state: StateOptions) throws -> ImageStore {
        ImageStore(directory: state.images, share: try ShareDirectory.installed(), logger: .forServer(.warning))
    }
}
