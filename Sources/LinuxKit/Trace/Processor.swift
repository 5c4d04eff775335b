internal import CLinux

/// The registers beyond the general ones, as the CPU and the kernel have them.
package enum Processor {
    /// XCR0: the register sets that the kernel lets programs use.
    package static func enabledFeatures() -> UInt64 { clinux_enabled_xfeatures() }

    /// Where the extended state of feature `number` lies in the standard xsave format: CPUID leaf 0xD.
    package static func extendedStateRange(_ number: UInt32) -> Range<Int> {
        let result = clinux_cpuid(0xD, number)
        return Int(result.b)..<Int(result.b) + Int(result.a)
    }
}
