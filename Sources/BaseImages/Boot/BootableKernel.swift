/// The ELF kernel inside a bzImage (Documentation/arch/x86/boot.rst, protocol 2.08 and later).
///
/// Booted through its PVH entry (CONFIG_PVH) it spares the guest the decompressor: where the processor is emulated, a
/// boot to the first process takes 1.85 instead of 2.15 seconds of the host's. QEMU also maps the file instead of
/// holding a copy per machine. The price: the kernel's addresses are not randomised, which the decompressor does.
package enum BootableKernel {
    package enum Failure: Error, Equatable {
        case notABzImage
        case unknownCompression
        case damaged(LZ4LegacyFrame.Failure)
        case notAnELF
    }

    private static let largest = 512 << 20

    package static func extract(from image: [UInt8]) throws(Failure) -> [UInt8] {
        guard image.count > 0x250, Array(image[0x202..<0x206]) == Array("HdrS".utf8), image[0x206] >= 8 else {
            throw .notABzImage
        }
        // setup_sects counts 512-byte sectors of real-mode code after the boot sector; 0 means 4.
        let sectors = image[0x1f1] == 0 ? 4 : Int(image[0x1f1])
        let protectedMode = (sectors + 1) * 512
        let start = protectedMode + integer(image, at: 0x248)
        let length = integer(image, at: 0x24c)
        // The build appends the unpacked size to the payload, four bytes.
        guard length > 8, start <= image.count, length <= image.count - start else { throw .notABzImage }
        let payload = image[start..<start + length - 4]
        guard payload.starts(with: LZ4LegacyFrame.magic) else { throw .unknownCompression }
        let kernel: [UInt8]
        do {
            kernel = try LZ4LegacyFrame.decode(payload, limit: min(largest, integer(image, at: start + length - 4)))
        } catch {
            throw .damaged(error)
        }
        guard kernel.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { throw .notAnELF }
        return kernel
    }

    /// Four bytes, little-endian.
    private static func integer(_ bytes: [UInt8], at offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
