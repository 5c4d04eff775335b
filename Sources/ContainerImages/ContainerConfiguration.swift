/// What an image says of itself: image-spec, config.md.
package struct ContainerConfiguration: Sendable, Hashable, Codable {
    package var entrypoint: [String]
    package var command: [String]
    /// `KEY=VALUE`, in the image's order.
    package var environment: [String]
    package var workingDirectory: String?
    /// As the image has it; nothing runs as this user.
    package var user: String?
    package var labels: [String: String]
    /// As Go names it: `amd64`.
    package var architecture: String

    package init(
        entrypoint: [String] = [], command: [String] = [], environment: [String] = [], workingDirectory: String? = nil,
        user: String? = nil, labels: [String: String] = [:], architecture: String
    ) {
        self.entrypoint = entrypoint
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.labels = labels
        self.architecture = architecture
    }
}
