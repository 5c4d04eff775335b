import ArgumentParser
import BaseImages
import FunctionModel
import Logging
import ServerAssembly
import SystemPackage
import Terminal

struct ImageBuildCommand: AsyncParsableCommand, ConfiguredCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build the base image of a runtime, if it is not there already.",
        discussion: """
            Takes packages from Debian's mirrors and PyPI. On a host that cannot reach them, thaw image import takes what \
            thaw image export wrote on one that can.

            --with-package adds what a runtime has on AWS and no registry offers here, such as Node.js's AWS SDK, or whatever all \
            functions of a host need: the content of the directory goes where the runtime finds packages. It is kept for later \
            builds of the runtime.
            """)

    private static func isFetching(_ error: ImageError) -> Bool {
        guard case .toolFailed(let tool, _, _) = error else { return false }
        return [Tool.mmdebstrap, .pip].map(\.name).contains(tool)
    }

    @OptionGroup var state: StateOptions
    @Option(
        name: .customLong("with-package"),
        help: ArgumentHelp(
            "Add what is in this directory, a node_modules or site-packages; repeatable. Replaces what was added before.",
            valueName: "dir"))
    var packageDirectories: [String] = []
    @Flag(help: "Build without what was added before.") var withoutPackages = false
    @Argument(help: "The runtimes, for example java17, python3.11 or nodejs20.x.") var runtimes: [String]

    func validate() throws {
        guard packageDirectories.isEmpty || runtimes.count == 1 else {
            throw ValidationError("--with-package needs exactly one runtime: packages are made for one language")
        }
        guard packageDirectories.isEmpty || !withoutPackages else {
            throw ValidationError("--with-package and --without-packages exclude each other")
        }
    }

    @concurrent
    func run() async throws {
        let store = try state.directory.imageStore()
        for runtime in runtimes {
            do {
                let name = Runtimes.image(for: runtime)
                if withoutPackages || !packageDirectories.isEmpty {
                    try await store.setPackages(of: name, to: packageDirectories.map { FilePath($0) })
                }
                let image = try await store.build(name, progress: Progress.report(runtime))
                print("\(runtime) \(image.digest)")
            } catch {
                if Self.isFetching(error) {
                    Progress.say(
                        """
                        This step needs Debian's mirrors and PyPI. Without a way to them, run `thaw image export \(runtime) \
                        FILE` on a host that has one, and `thaw image import FILE` here.
                        """)
                }
                if case .unknownRuntime = error, let reason = Runtimes.absence(of: runtime) {
                    Progress.say("\(runtime) cannot be built: \(reason).")
                }
                throw error
            }
        }
    }
}
