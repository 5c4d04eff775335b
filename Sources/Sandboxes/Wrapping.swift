internal import SystemPackage

/// Runs what may fail with an error of a part below, which becomes the cause of one of `code`.
package func wrapping<R: ~Copyable, E: Error>(
    _ code: SandboxError.Code, _ action: String? = nil, _ body: () throws(E) -> R
) throws(SandboxError) -> R {
    do throws(E) { return try body() } catch { throw SandboxError(code, action, error) }
}

/// The same for what suspends.
@_disfavoredOverload
package func wrapping<R, E: Error>(
    _ code: SandboxError.Code, _ action: String? = nil, _ body: () async throws(E) -> R
) async throws(SandboxError) -> R {
    do throws(E) { return try await body() } catch { throw SandboxError(code, action, error) }
}

/// Runs what the host may refuse.
/// - Parameter action: for an error that does not say what failed: "open /dev/null".
package func hostCall<R: ~Copyable, E: Error>(
    _ action: String? = nil, _ body: () throws(E) -> R
) throws(SandboxError) -> R {
    do throws(E) { return try body() } catch { throw .host(refusing: action, error) }
}

/// The same for what suspends.
@_disfavoredOverload
package func hostCall<R, E: Error>(_ action: String? = nil, _ body: () async throws(E) -> R) async throws(SandboxError)
    -> R
{
    do throws(E) { return try await body() } catch { throw .host(refusing: action, error) }
}

extension SandboxError {
    /// The host does not do `action`.
    package static func host(refusing action: String? = nil, _ error: any Error) -> SandboxError {
        let failure = SandboxError(.host, action, error)
        let remedy =
            switch error as? Errno {
            case .noSpace: ". Free space, or move --state-dir to a larger file system"
            case .tooManyOpenFiles, .tooManyOpenFilesInSystem: ". Raise the limit of open files (ulimit -n)"
            default: ""
            }
        return remedy.isEmpty ? failure : SandboxError(failure.code, failure.message + remedy, cause: error)
    }
}
