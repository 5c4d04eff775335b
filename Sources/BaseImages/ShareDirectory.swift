package import SystemPackage

/// What Thaw was installed with: the guest supervisor, the runtimes' recipes, the examples.
package struct ShareDirectory: Sendable, Equatable {
    package let path: FilePath

    package init(path: FilePath) {
        self.path = path
    }

    /// `$THAW_SHARE_DIR` if it is set, else `lib/thaw` beside the `bin` that `executable` is in.
    ///
    /// - Throws: ``ImageError/missing(_:remedy:)`` if that is no directory with runtimes in it.
    package static func locate(
        environment: [String: String], executable: FilePath
    ) throws(ImageError) -> ShareDirectory {
        let chosen: FilePath
        if let override = environment["THAW_SHARE_DIR"], !override.isEmpty {
            chosen = FilePath(override)
        } else {
            chosen = executable.removingLastComponent().removingLastComponent().appending("lib").appending("thaw")
        }
        let share = ShareDirectory(path: chosen)
        guard FileInfo(following: share.runtimes)?.isDirectory == true else {
            throw .missing(
                "directory \(share.runtimes)",
                remedy:
                    "run `make build` and start .build/dist/bin/thaw, or set THAW_SHARE_DIR to an installed lib/thaw")
        }
        return share
    }

    /// One line: the version, and the commit that it was built from. A file, so that no commit compiles anything anew.
    package var version: FilePath { path.appending("version") }
    /// The guest supervisor, a static executable: `/init` of every virtual machine.
    package var guest: FilePath { path.appending("guest").appending("ThawGuest") }
    /// The program that process sandboxes and their templates are made with, a static executable.
    package var restorer: FilePath { path.appending("restorer") }
    /// The program that reads untrusted input, in a jail.
    package var workshop: FilePath { path.appending("workshop") }
    /// One directory per runtime, named as AWS names the runtime.
    package var runtimes: FilePath { path.appending("runtimes") }
    /// One directory per example function.
    package var examples: FilePath { path.appending("examples") }

    /// The directory of `runtime`, with its recipe `image.json` and the files that go into its image.
    package func runtime(_ runtime: String) -> FilePath {
        runtimes.appending(FilePath.Component(runtime) ?? "_")
    }

    /// The runtimes that have a recipe here, in alphabetical order.
    package func runtimeNames() -> [String] {
        let names = (try? Tree.names(in: runtimes)) ?? []
        return names.filter { FileInfo(following: runtime($0).appending("image.json"))?.isRegular == true }.sorted()
    }
}
