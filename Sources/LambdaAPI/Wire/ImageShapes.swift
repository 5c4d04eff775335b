import FunctionModel

/// `ImageConfig`, in requests and answers.
struct ImageConfigShape: Codable {
    var entryPoint: [String]?
    var command: [String]?
    var workingDirectory: String?

    private enum CodingKeys: String, CodingKey {
        case entryPoint = "EntryPoint"
        case command = "Command"
        case workingDirectory = "WorkingDirectory"
    }

    init(_ settings: ImageSettings) {
        entryPoint = settings.entryPoint
        command = settings.command
        workingDirectory = settings.workingDirectory
    }

    var settings: ImageSettings {
        ImageSettings(entryPoint: entryPoint, command: command, workingDirectory: workingDirectory)
    }
}

/// `ImageConfigResponse`; left out where the function has no ``ImageConfigShape``.
struct ImageConfigAnswer: Encodable {
    var imageConfig: ImageConfigShape

    init?(_ settings: ImageSettings?) {
        guard let settings, !settings.isEmpty else { return nil }
        imageConfig = ImageConfigShape(settings)
    }

    private enum CodingKeys: String, CodingKey {
        case imageConfig = "ImageConfig"
    }
}
