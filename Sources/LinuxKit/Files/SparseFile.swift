internal import CLinux
import Glibc
package import SystemPackage

extension OwnedDescriptor {
    /// The parts of a file that hold data, in order, by SEEK_DATA and SEEK_HOLE of lseek(2); the rest reads as zeros.
    ///
    /// A file system that knows no holes reports the whole file. Moves the file's offset.
    package borrowing func dataExtents() throws(Errno) -> [Range<Int64>] {
        try withRaw { raw throws(Errno) in
            var extents: [Range<Int64>] = []
            var position: off_t = 0
            while true {
                let start: off_t
                do throws(Errno) {
                    start = try syscall { lseek(raw, position, clinux_SEEK_DATA) }
                } catch .noSuchAddressOrDevice {
                    return extents  // only a hole is left
                }
                let end = try syscall { lseek(raw, start, clinux_SEEK_HOLE) }
                extents.append(Int64(start)..<Int64(end))
                position = end
            }
        }
    }

    /// pread(2): fills `buffer` from `offset`; fewer bytes than asked only at the end of the file.
    package borrowing func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try withRaw { raw throws(Errno) in
            var done = 0
            while done < buffer.count {
                let count = try syscall {
                    pread(raw, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset) + done)
                }
                if count == 0 { break }
                done += count
            }
            return done
        }
    }

    /// pwrite(2), all of it.
    package borrowing func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(Errno) {
        try withRaw { raw throws(Errno) in
            var done = 0
            while done < bytes.count {
                done += try syscall {
                    pwrite(raw, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + done)
                }
            }
        }
    }

    /// FALLOC_FL_PUNCH_HOLE of fallocate(2): `range` reads as zeros and takes no room.
    package borrowing func punchHole(_ range: Range<Int64>) throws(Errno) {
        guard !range.isEmpty else { return }
        let mode = clinux_FALLOC_FL_PUNCH_HOLE | clinux_FALLOC_FL_KEEP_SIZE
        try withRaw { raw throws(Errno) in
            _ = try syscall { fallocate(raw, mode, off_t(range.lowerBound), off_t(range.count)) }
        }
    }

    /// Copies the file's data, holes staying holes, by copy_file_range(2): shared blocks where the file system can.
    /// `destination` should be empty.
    package borrowing func copySparse(to destination: borrowing OwnedDescriptor) throws(Errno) {
        let size = try FileStatus.of(self).size
        try destination.setSize(size)
        for extent in try dataExtents() {
            var from = off_t(extent.lowerBound)
            var to = from
            while from < off_t(extent.upperBound) {
                let left = Int(off_t(extent.upperBound) - from)
                let copied = try withRaw { source throws(Errno) in
                    try destination.withRaw { target throws(Errno) in
                        try syscall { copy_file_range(source, &from, target, &to, left, 0) }
                    }
                }
                if copied == 0 { throw .ioError }  // the file shrank meanwhile
            }
        }
    }
}
