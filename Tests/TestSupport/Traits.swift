import Glibc
package import Testing

extension Trait where Self == ConditionTrait {
    /// For what only root may do: namespaces, mounts, cgroups, devices.
    package static var requiresRoot: Self {
        .enabled("needs root: run the tests with sudo, or as root in a container") { geteuid() == 0 }
    }

    /// For bounds of time that no sanitizer keeps: see scripts/test-sanitize.
    package static var requiresSpeed: Self {
        .enabled("needs a build without sanitizer: run make test") { getenv("THAW_SANITIZER") == nil }
    }

    /// For what needs a file or device of the host.
    package static func requiresFile(_ path: String, _ remedy: String) -> Self {
        .enabled("needs \(path): \(remedy)") { access(path, F_OK) == 0 }
    }
}
