import ArgumentParser
import ServerAssembly

/// Where a server keeps everything: the commands that work on the same state share this.
package struct StateOptions: ParsableArguments {
    @Option(
        name: .customLong("state-dir"),
        help: "Directory for functions, images, snapshots and logs; also by THAW_STATE_DIR, or in the configuration.")
    var stateDirectory = StateDirectory.standard

    // Read before the arguments are, by ``Arguments``.
    @Option(name: .customLong("config"), help: "Configuration file. Default: /etc/thaw/thaw.conf, when there is one.")
    var configuration: String?

    package init() {}

    package var directory: StateDirectory { StateDirectory(stateDirectory) }
}
