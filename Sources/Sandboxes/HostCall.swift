package import SystemPackage

/// Runs what the host may refuse with an error that says what it was.
package func hostCall<R: ~Copyable>(_ body: () throws -> R) throws(SandboxError) -> R {
    do { return try body() } catch { throw .host("\(error)") }
}

/// Runs what the host's kernel may refuse, and says what it was.
package func hostCall<R: ~Copyable>(
    _ action: String, _ body: () throws(Errno) -> R
) throws(SandboxError) -> R {
    do throws(Errno) { return try body() } catch { throw .host(refusing: action, error) }
}

extension SandboxError {
    /// The host's kernel does not do `action`: "open /dev/null".
    package static func host(refusing action: String, _ error: Errno) -> SandboxError {
        let remedy =
            switch error {
            case .noSpace: ". Free space, or move --state-dir to a larger file system"
            case .tooManyOpenFiles, .tooManyOpenFilesInSystem: ". Raise the limit of open files (ulimit -n)"
            default: ""
            }
        return .host("cannot \(action): \(error)\(remedy)")
    }
}
