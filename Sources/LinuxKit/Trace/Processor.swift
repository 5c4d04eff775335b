internal import CLinux

/// What programs find out about the CPU and then rely on: code compiled for it, and the size of its register file.
package enum Processor {
    /// Feature words: leaves 1, 7, 0xD, 0x14, 0x19, 0x80000001, 0x80000007, 0x80000008 of the CPUID instruction, without what
    /// differs between cores of one machine.
    package static func featureWords() -> [UInt32] {
        var words: [UInt32] = []
        let standard = clinux_cpuid(0, 0)
        let extended = clinux_cpuid(0x8000_0000, 0).a
        // Vendor; its order of registers does not matter for a comparison.
        words += [standard.b, standard.c, standard.d]
        let one = clinux_cpuid(1, 0)
        // EBX of leaf 1 holds the core's own number.
        words += [one.a, one.c, one.d]
        for (leaf, subleaf) in [(UInt32(7), UInt32(0)), (7, 1), (7, 2), (0xD, 1), (0x14, 0), (0x19, 0)]
        where leaf <= standard.a {
            let result = clinux_cpuid(leaf, subleaf)
            // EBX of 0xD/1 is the size of what is enabled just now.
            words += leaf == 0xD ? [result.a] : [result.a, result.b, result.c, result.d]
        }
        for leaf in [UInt32(0x8000_0001), 0x8000_0007, 0x8000_0008] where leaf <= extended {
            let result = clinux_cpuid(leaf, 0)
            words += leaf == 0x8000_0008 ? [result.b] : leaf == 0x8000_0001 ? [result.c, result.d] : [result.d]
        }
        return words
    }

    /// XCR0: the register sets that the kernel lets programs use.
    package static func enabledFeatures() -> UInt64 { clinux_enabled_xfeatures() }

    /// Where the extended state of feature `number` lies in the standard xsave format: CPUID leaf 0xD.
    package static func extendedStateRange(_ number: UInt32) -> Range<Int> {
        let result = clinux_cpuid(0xD, number)
        return Int(result.b)..<Int(result.b) + Int(result.a)
    }
}
