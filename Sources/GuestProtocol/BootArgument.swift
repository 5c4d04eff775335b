/// What the host tells the guest on the kernel's command line.
package enum BootArgument {
    /// There is a disk for /opt.
    package static let layers = "thaw.layers"
    /// There is no disk for /var/task: the root has the function's code.
    package static let rootHasCode = "thaw.code=root"
}
