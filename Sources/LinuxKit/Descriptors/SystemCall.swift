import Glibc
package import SystemPackage

/// Runs one system call of libc: retries EINTR, and reads errno before anything can change it.
@inline(never)
@discardableResult
package func syscall<I: FixedWidthInteger>(_ call: () -> I) throws(Errno) -> I {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = Errno(rawValue: errno)
        if code != .interrupted { throw code }
    }
}

/// The same door for the shims of CLinux, which return `-errno`.
@discardableResult
func shim(_ call: () -> CInt) throws(Errno) -> CInt {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = Errno(rawValue: -result)
        if code != .interrupted { throw code }
    }
}
