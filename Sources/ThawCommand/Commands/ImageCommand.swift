import ArgumentParser

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Build, move, list and remove base images, one for each runtime; try container images.",
        subcommands: [
            ImageBuildCommand.self, ImageExportCommand.self, ImageImportCommand.self, ImageListCommand.self,
            ImagePruneCommand.self, ImageTryCommand.self,
        ])
}
