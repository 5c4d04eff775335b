internal import SystemPackage

/// Installs pinned wheels for the image's Python and compiles everything it may import.
struct PythonPackages {
    let python: RuntimeRecipe.Python
    let workspace: FilePath
    let log: FilePath

    private static let place = "/var/runtime"
    /// What AWS's own images accept; pip takes the first that a pinned hash fits.
    private static let platforms = ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"]

    func install(into tree: RootTree) async throws(ImageError) {
        let requirements = workspace.appending("requirements.txt")
        try Files.write(requirementsText, to: requirements)
        let target = tree.inside(PythonPackages.place)
        try await Tool.pip.run(
            [
                "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile",
                "--no-input",
                "--disable-pip-version-check", "--root-user-action=ignore", "--implementation=cp",
                "--python-version=\(python.version)",
            ] + PythonPackages.platforms.map { "--platform=\($0)" } + [
                "--target=\(target)", "--requirement=\(requirements)",
            ], step: "installing Python packages", log: log)
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

    /// pip's hash-checking mode: exactly these files or none.
    var requirementsText: String {
        python.wheels.map { "\($0.name)==\($0.version) --hash=sha256:\($0.sha256)\n" }.joined()
    }
}
