import LinuxKit
import SystemPackage

/// What runs guest code, and how QEMU comes to it.
package enum Virtualisation: Sendable {
    static let device: FilePath = "/dev/kvm"

    /// By a node of the jail's own that its user may open. Works at any mode of the host's node.
    case ownNode
    /// By the host's node, if its mode and group allow: where no node can be made.
    case hostNode(group: UInt32)
    /// By an open descriptor, which QEMU takes since 8.2: where neither will do.
    case descriptor(SharedDescriptor)
    case emulated

    var accelerator: Accelerator {
        if case .emulated = self { .tcg } else { .kvm }
    }

    var descriptor: SharedDescriptor? {
        if case .descriptor(let kvm) = self { kvm } else { nil }
    }

    package func open(in jail: inout Jail) {
        switch self {
        case .ownNode: jail.ownDevices.append(Self.device)
        case .hostNode(let group):
            jail.devices.append(Self.device)
            jail.supplementaryGroups.append(group)
        case .descriptor, .emulated: break
        }
    }
}
