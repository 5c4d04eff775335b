import LinuxKit
import Sandboxes

/// A socket pair of which one end goes to a machine's process.
struct SocketEnds: ~Copyable {
    let ours: OwnedDescriptor
    let theirs: SharedDescriptor

    init() throws(SandboxError) {
        self = try hostCall("make a socket pair") {
            try OwnedDescriptor.socketPair().take { SocketEnds(ours: $0, theirs: $1.shared()) }
        }
    }

    private init(ours: consuming OwnedDescriptor, theirs: SharedDescriptor) {
        self.ours = ours
        self.theirs = theirs
    }
}
