internal import LinuxKit
package import SystemPackage

/// Fetches wheels from PyPI: exactly those that are pinned by hash, or none.
package struct PinnedWheels {
    let wheels: [RuntimeRecipe.Wheel]
    /// The Python that they are for: `3.11`.
    let python: String
    let workspace: FilePath
    let log: FilePath

    package init(wheels: [RuntimeRecipe.Wheel], python: String, workspace: FilePath, log: FilePath) {
        self.wheels = wheels
        self.python = python
        self.workspace = workspace
        self.log = log
    }

    /// What AWS's own images accept; pip takes the first that a pinned hash fits.
    private static let platforms = ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"]

    /// Unpacks all of them into one directory.
    func install(into target: FilePath, step: String) async throws(ImageError) {
        let requirements = workspace.appending("requirements.txt")
        try Files.write(requirementsText, to: requirements)
        try await Tool.pip.run(
            [
                "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile",
                "--no-input",
                "--disable-pip-version-check", "--root-user-action=ignore", "--implementation=cp",
                "--python-version=\(python)",
            ] + PinnedWheels.platforms.map { "--platform=\($0)" } + [
                "--target=\(target)", "--requirement=\(requirements)",
            ], step: step, log: log)
    }

    /// pip's hash-checking mode: exactly these files or none.
    package var requirementsText: String {
        wheels.map { "\($0.name)==\($0.version) --hash=sha256:\($0.sha256)\n" }.joined()
    }
}

/// Takes single files out of wheels that bring something else than Python modules.
struct WheelFiles {
    let wheels: [RuntimeRecipe.PickedWheel]
    let workspace: FilePath
    let log: FilePath

    /// pip wants to know a Python; such wheels are for any.
    private static let anyPython = "3.11"

    func install(into tree: RootTree) async throws(ImageError) {
        for (index, picked) in wheels.enumerated() {
            let unpacked = workspace.appending("wheel-\(index)")
            try await PinnedWheels(
                wheels: [picked.wheel], python: WheelFiles.anyPython, workspace: workspace, log: log
            ).install(into: unpacked, step: "unpacking \(picked.name)")
            try await BlockingThread.run { () throws(ImageError) in
                for (name, place) in picked.files.sorted(by: { $0.key < $1.key }) {
                    let file = unpacked.appending(FilePath(name).components)
                    guard let info = FileInfo(following: file), info.isRegular else {
                        throw .missing("\(name) in the wheel \(picked.name) \(picked.version)", remedy: "pin another")
                    }
                    try tree.put(try Files.read(file), at: place, executable: info.isExecutable)
                }
                try Tree.remove(unpacked)
            }
        }
    }
}
