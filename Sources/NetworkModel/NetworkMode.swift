/// Where what runs in a slot may send to.
package enum NetworkMode: Sendable, Hashable {
    /// Nowhere: there is only the Runtime API.
    case isolated
    /// Wherever the host may, through its uplink; not to other slots, nor to link-local addresses.
    case egress
    /// Into one virtual network, and nowhere else.
    case vpc(VPCNetwork)
}
