/// What the host tells the guest on the kernel's command line.
package enum BootArgument {
    /// There is a disk for /opt.
    package static let layers = "thaw.layers"
    /// There is no disk for /var/task: the root has the function's code.
    package static let rootHasCode = "thaw.code=root"
    /// The names of the disks, in the order of their devices: `thaw.disks=root,code,scratch`. Without it each has its name as its serial
    /// number.
    package static let disks = "thaw.disks"
    /// The channel to the host is a connection to this port of it over vsock: `thaw.vsock=1024`. Without it, a virtio-serial port.
    package static let vsock = "thaw.vsock"
}
