/// What the host tells the guest on the kernel's command line.
package enum BootArgument {
    /// There is a disk for /opt.
    package static let layers = "thaw.layers"
}
