import SystemPackage

/// Why there is no server. Callers switch on ``code``; the texts are for people.
package struct ServerError: Error, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// A command needs root.
        case notRoot
        /// The server would need more network slots than it is to have.
        case tooFewSlots
        /// What the host's files say of ids for sandboxes makes no sense.
        case unusableIDs
        /// The sandboxes need more ids than they may have.
        case tooFewIDs
        /// Other servers have the ids.
        case idsInUse
        /// Another process listens at the address.
        case addressInUse
        /// Signatures are to be verified and there is no file of users, or the other way round.
        case usersAndAuth
        /// There is a certificate and no key, or the other way round.
        case certificateAndKey
        /// The files for TLS cannot be used.
        case unusableCertificate
        /// Others could reach the port, and nobody would ask who they are.
        case openToOthers
        /// The address is none to listen at.
        case cannotListen
        /// The file for spans cannot be opened.
        case cannotTrace
        /// Another server has the state directory.
        case stateInUse
        /// The file with credentials for AWS's services has none.
        case noCredentials
        /// The server ended before it listened.
        case notListening
    }

    package let code: Code
    /// What failed, on what, and what to do about it.
    package let message: String
    /// The error of the part below that led to this one.
    package let cause: (any Error)?

    package var description: String { message }

    private init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package static let notRoot = ServerError(
        .notRoot, "sandboxes in namespaces of their own need root. Run the command as root, or with sudo.")

    package static let notListening = ServerError(.notListening, "the server ended before it listened")

    static func tooFewSlots(given: Int, needed: Int) -> ServerError {
        ServerError(
            .tooFewSlots,
            "\(given) network slots are too few: --max-sandboxes and --ready need \(needed). Raise --slots, or lower those."
        )
    }

    static func unusableIDs(_ what: String) -> ServerError {
        ServerError(.unusableIDs, "\(what). Correct that, or choose ids with --sandbox-ids START:COUNT.")
    }

    static func tooFewIDs(_ ids: SandboxIDs, needed: Int) -> ServerError {
        ServerError(
            .tooFewIDs,
            """
            the ids for sandboxes (\(ids)) are too few: \(needed) are needed, two for each network slot. Choose more with \
            --sandbox-ids START:COUNT, or lower --slots.
            """)
    }

    static func idsInUse(_ ids: SandboxIDs, needed: Int) -> ServerError {
        ServerError(
            .idsInUse,
            """
            other servers of this host have so many of the ids for sandboxes (\(ids)) that \(needed) in a row are not left. Give \
            this one others with --sandbox-ids START:COUNT.
            """)
    }

    package static func addressInUse(
        _ address: String, _ port: Int, _ option: String = "--port", cause: (any Error)? = nil
    ) -> ServerError {
        ServerError(
            .addressInUse, "\(address):\(port) is in use. Stop what listens there, or choose another \(option).",
            cause: cause)
    }

    static func cannotListen(_ address: String, _ port: Int, _ option: String, _ cause: any Error) -> ServerError {
        ServerError(
            .cannotListen, "cannot listen at \(address):\(port): \(cause). Choose another address or \(option).",
            cause: cause)
    }

    static let usersAndAuth = ServerError(
        .usersAndAuth, "--auth sigv4 and --users FILE belong together: give both, or neither.")

    static let certificateAndKey = ServerError(
        .certificateAndKey, "--tls-certificate FILE and --tls-key FILE belong together: give both, or neither.")

    static func unusableCertificate(_ certificate: FilePath, _ key: FilePath, _ why: String) -> ServerError {
        ServerError(
            .unusableCertificate,
            """
            cannot speak TLS with the certificate \(certificate) and the key \(key): \(why). Both are PEM files, and the key is \
            that of the first certificate.
            """)
    }

    static func openToOthers(_ address: String) -> ServerError {
        ServerError(
            .openToOthers,
            """
            at \(address) others reach the port, and whoever reaches it may run code here. Name who may with --auth sigv4 and \
            --users FILE, listen on loopback, or let everybody in with --allow-unauthenticated.
            """)
    }

    static func cannotTrace(_ path: FilePath, _ cause: Errno) -> ServerError {
        ServerError(
            .cannotTrace,
            "cannot append to \(path): \(cause). Choose another --trace-log, in a directory that is there.",
            cause: cause)
    }

    static func noCredentials(_ path: FilePath) -> ServerError {
        ServerError(
            .noCredentials,
            """
            \(path) has no credentials. It needs a line [default], and aws_access_key_id = … and aws_secret_access_key = … below.
            """)
    }

    package static func stateInUse(_ state: StateDirectory, by record: ServerRecord?) -> ServerError {
        let owner = record.map { "the server at \($0.url), process \($0.process)" } ?? "another server"
        return ServerError(
            .stateInUse,
            """
            \(state.path) is in use by \(owner). Stop that, or give this one a --state-dir, a --port and a --tunnel-port of \
            its own.
            """)
    }
}
