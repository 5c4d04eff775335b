import ArgumentParser
import BaseImages
import ServerAssembly
import SystemPackage
import Terminal

struct ImageImportCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take the base images of a file that thaw image export wrote.",
        discussion: """
            All of them or none: a file that is damaged, or made from other recipes than this Thaw has, is refused. No network \
            is needed. The digests that are shown are those that the export showed, if both hosts have the same Thaw.
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The file; - is standard input.") var file: String

    @concurrent
    func run() async throws {
        let images = try await state.directory.imageStore().importImages(
            from: file == "-" ? nil : FilePath(file), progress: Progress.report("import"))
        for image in images { print("\(image.runtime) \(image.digest)") }
    }
}
