import CProcessImage

/// The filter of Sources/CProcessImage/include/seccomp_filter.h: what a booted runtime is refused, and its clones too.
enum SystemCallFilter {
    /// An array of `struct sock_filter`.
    static let bytes: [UInt8] = {
        let size = Int(THAW_SECCOMP_LENGTH) * MemoryLayout<sock_filter>.stride
        return Array(UnsafeRawBufferPointer(start: thaw_seccomp_instructions(), count: size))
    }()
}
