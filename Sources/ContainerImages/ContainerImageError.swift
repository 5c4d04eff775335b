/// Why there is no image. Callers switch on ``code``.
package struct ContainerImageError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Not a name of an image.
        case badReference
        /// The registry, layout or archive has no such image.
        case notFound
        /// The registry wants another login, or any.
        case unauthorized
        /// The registry does not answer, or not as registries do.
        case unreachable
        /// An index without an image for this machine.
        case noMatchingArchitecture
        /// Something that Thaw does not read.
        case unsupported
        /// More than the 10 GB that an image may have.
        case tooLarge
        /// Not what its digest says, or cut short.
        case damaged
        /// An image that tries to write outside of itself, or to take more than it may.
        case hostile
        /// This host has no room, or something of the installation is missing.
        case disk
        /// Whoever asked has gone.
        case cancelled
    }

    package let code: Code
    /// For whoever named the image; says nothing of the host.
    package let message: String
    /// For the log.
    package let cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message) (\($0))" } ?? message }
}
