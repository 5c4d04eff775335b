internal import SystemPackage

/// Installs pinned wheels for the image's Python and compiles everything it may import.
struct PythonPackages {
    let python: RuntimeRecipe.Python
    let workspace: FilePath
    let log: FilePath

    private static let place = "/var/runtime"

    func install(into tree: RootTree) async throws(ImageError) {
        let target = tree.inside(PythonPackages.place)
        try await PinnedWheels(wheels: python.wheels, python: python.version, workspace: workspace, log: log)
            .install(into: target, step: "installing Python packages")
        // Scripts, whose first line names the interpreter that pip itself runs on.
        try Tree.remove(target.appending("bin"))

        // The hash is never compared with the source: both are on the same read-only disk. One worker, because the
        // order in which strings are first seen shows in the bytes.
        try await Tool.chroot.run(
            [
                tree.path.string, "/usr/bin/python\(python.version)", "-B", "-m", "compileall", "-f", "-q", "-j", "1",
                "--invalidation-mode", "unchecked-hash", "/usr/lib/python\(python.version)", PythonPackages.place,
            ], step: "compiling Python modules", log: log, environment: .image)
    }

    /// What was added to them, as far as it is for this Python: some packages bring templates that only look like modules.
    func compile(added names: [String], in tree: RootTree) async throws(ImageError) {
        let compile =
            "/usr/bin/python\(python.version) -B -m compileall -f -q -j 1 --invalidation-mode unchecked-hash \"$@\" || true"
        try await Tool.chroot.run(
            [tree.path.string, "/bin/sh", "-c", compile, "sh"] + names.map { "\(PythonPackages.place)/\($0)" },
            step: "compiling what was added", log: log, environment: .image)
    }
}
