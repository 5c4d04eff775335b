import Glibc
internal import LinuxKit
package import SystemPackage

/// The executables that are built beside the tests.
package enum BuiltProgram {
    /// The program that reads untrusted input in a jail; `$THAW_WORKSHOP` where the tests' own build has none.
    package static let workshop: FilePath =
        getenv("THAW_WORKSHOP").map { FilePath(platformString: $0) } ?? named("ThawWorkshop")

    package static func named(_ name: FilePath.Component) -> FilePath {
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
            return FilePath(argument).removingLastComponent().appending(name)
        }
        return (FileStatus.symlinkContent("/proc/self/exe") ?? "").removingLastComponent().appending(name)
    }
}
