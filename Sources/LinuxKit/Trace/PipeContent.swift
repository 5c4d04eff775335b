internal import CLinux
import Glibc
package import SystemPackage

extension OwnedDescriptor {
    /// What a pipe can hold, in bytes.
    package borrowing func pipeCapacity() throws(Errno) -> Int {
        try withRaw { raw throws(Errno) in Int(try shim { clinux_pipe_capacity(raw, 0) }) }
    }

    /// How many bytes a read would give: FIONREAD of ioctl(2).
    package borrowing func unreadBytes() throws(Errno) -> Int {
        var count: CInt = 0
        try withRaw { raw throws(Errno) in _ = try shim { clinux_unread_bytes(raw, &count) } }
        return Int(count)
    }

    /// What the pipe holds, asked through its reading end, and left in it: tee(2).
    package borrowing func pipeContent() throws(Errno) -> [UInt8] {
        let capacity = try pipeCapacity()
        let count = try unreadBytes()
        guard count > 0 else { return [] }
        let copy = try OwnedDescriptor.pipe(nonblocking: true)
        try copy.second.withRaw { raw throws(Errno) in _ = try shim { clinux_pipe_capacity(raw, CInt(capacity)) } }
        let taken = try withRaw { source throws(Errno) in
            try copy.second.withRaw { target throws(Errno) in
                // 2 is SPLICE_F_NONBLOCK, which glibc hides.
                try syscall { tee(source, target, capacity, 2) }
            }
        }
        guard taken == count else { throw .ioError }
        let bytes = try copy.first.read(upTo: taken)
        guard bytes.count == taken else { throw .ioError }
        return bytes
    }
}
