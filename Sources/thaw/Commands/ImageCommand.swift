import ArgumentParser

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Build and list base images, one for each runtime.",
        subcommands: [ImageBuildCommand.self, ImageListCommand.self])
}
