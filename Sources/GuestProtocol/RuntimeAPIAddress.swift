/// Where a runtime finds the Runtime API: on loopback, at AWS's address, which every sandbox's loopback device has.
package enum RuntimeAPIAddress {
    package static let host = "169.254.100.1"
    package static let port: UInt16 = 9001
    /// Of the credentials: clients take them only from loopback's own address.
    package static let credentialsHost = "127.0.0.1"
}
