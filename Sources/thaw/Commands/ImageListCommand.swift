import ArgumentParser
import BaseImages

struct ImageListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the base images that are built.")

    @OptionGroup var state: StateOptions

    @concurrent
    func run() async throws {
        var table = Table(["RUNTIME", "VERSION", "KERNEL", "DIGEST"])
        for image in try ImageStore.open(state).list() {
            table.add([image.runtime, image.runtimeVersion, image.kernelRelease, image.digest])
        }
        print(table.text)
    }
}
