import ArgumentParser
import BaseImages
import FunctionModel
import Glibc
import ServerAssembly
import SystemPackage
import Terminal

struct ImageExportCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write base images into one file, for a host that cannot build them.",
        usage: "thaw image export [--state-dir <state-dir>] [--config <config>] <runtime> ... <file>",
        discussion: """
            The file is as large as the images and has no compression of its own. Whoever imports it runs what is in it: pass \
            it on as you would a package.
            thaw image export python3.11 - | ssh HOST thaw image import -
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "The runtimes, then the file to write; - is standard output.") var runtimesAndFile: [String]

    func validate() throws {
        guard runtimesAndFile.count >= 2 else {
            throw ValidationError(
                "give one or more runtimes, then the file to write, for example: python3.11 images.thaw")
        }
        if runtimesAndFile.last == "-", isatty(STDOUT_FILENO) == 1 {
            throw ValidationError("an image is nothing for a terminal: give a file, or a pipe behind -")
        }
    }

    @concurrent
    func run() async throws {
        let file = runtimesAndFile.last ?? "-"
        let store = try state.directory.imageStore()
        let images = try await store.export(
            runtimesAndFile.dropLast().map { Runtimes.image(for: $0) }, to: file == "-" ? nil : FilePath(file),
            progress: Progress.report("export"))
        // Where the image itself goes to standard output, what is said about it does not.
        for image in images {
            let line = "\(image.runtime) \(image.digest)"
            if file == "-" { Progress.say(line) } else { print(line) }
        }
    }
}
