/// How much of a response in parts may be on its way from the guest.
package enum ResponseWindow {
    /// After so many bytes the guest sends no more parts until ``HostMessage/moreParts(requestID:)``.
    package static let bytes = 256 << 10
}
