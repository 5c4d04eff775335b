/// A guest of a few instructions: says `b` on the serial console, counts ten million down, says `e`, and halts.
///
/// The loop leaves the guest at no instruction, so it takes a moment wherever a processor really runs it, emulated
/// virtualisation and QEMU's emulation included: 5 to 100 ms. Where the kernel interprets a guest's every instruction (PVM's
/// KVM does for a stock guest's) it takes more than ten seconds, and no real guest would ever finish booting.
package enum ProbeGuest {
    static let began = UInt8(ascii: "b")
    static let ended = UInt8(ascii: "e")
    private static let iterations: UInt32 = 10_000_000

    private static let address: UInt64 = 0x10_0000
    private static let headerBytes: UInt64 = 64
    private static let segmentBytes: UInt64 = 56
    private static let noteOffset = headerBytes + 2 * segmentBytes
    private static let codeOffset: UInt64 = 0x100

    /// 32-bit code, as a PVH entry is.
    private static let code: [UInt8] =
        [0xba, 0xf8, 0x03, 0x00, 0x00]  // mov edx, 0x3f8: the first serial port
        + [0xb0, began, 0xee]  // mov al, began; out dx, al
        + [0xb9] + bytes(iterations)  // mov ecx, iterations
        + [0x49, 0x75, 0xfd]  // 1: dec ecx; jnz 1b
        + [0xb0, ended, 0xee]  // mov al, ended; out dx, al
        + [0xfa, 0xf4, 0xeb, 0xfc]  // cli; 2: hlt; jmp 2b

    /// The guest as an ELF file (elf(5)) with the note that QEMU finds a PVH kernel's entry by (XEN_ELFNOTE_PHYS32_ENTRY).
    package static let kernel: [UInt8] = {
        let note = bytes(4 as UInt32) + bytes(8 as UInt32) + bytes(18 as UInt32) + Array("Xen\0".utf8) + bytes(address)
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        file += bytes(2 as UInt16) + bytes(62 as UInt16) + bytes(1 as UInt32)  // executable, x86-64, version
        // Entry, segments, no sections, no flags.
        file += bytes(address) + bytes(headerBytes) + bytes(0 as UInt64) + bytes(0 as UInt32)
        file += bytes(UInt16(headerBytes)) + bytes(UInt16(segmentBytes)) + bytes(2 as UInt16)
        file += [UInt8](repeating: 0, count: 6)
        // PT_LOAD and PT_NOTE.
        file += segment(type: 1, at: codeOffset, address: address, size: UInt64(code.count), alignment: 4096)
        file += segment(type: 4, at: noteOffset, address: 0, size: UInt64(note.count), alignment: 4)
        file += note
        file += [UInt8](repeating: 0, count: Int(codeOffset) - file.count)
        return file + code
    }()

    private static func segment(type: UInt32, at offset: UInt64, address: UInt64, size: UInt64, alignment: UInt64)
        -> [UInt8]
    {
        bytes(type) + bytes(5 as UInt32) + bytes(offset) + bytes(address) + bytes(address) + bytes(size) + bytes(size)
            + bytes(alignment)
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
