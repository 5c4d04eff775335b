import SystemPackage

/// Which hypervisor shall run machines, as an operator says it.
package struct HypervisorChoice: Sendable {
    package enum Name: String, CaseIterable, Sendable {
        case auto
        case firecracker
        case qemu
    }

    package var name = Name.auto
    /// Nil: it is looked for in PATH.
    package var firecracker: FilePath?

    package init() {}
}
