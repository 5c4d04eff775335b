import LinuxKit
import SystemPackage

/// The processor that guests see on this host: what a snapshot depends on.
package struct VirtualProcessor: Sendable {
    let virtualisation: Virtualisation
    let timeStampCounterKilohertz: UInt64
    /// With hardware virtualisation the guest has seen the host's own CPU; the emulated one depends on QEMU alone.
    let processor: String

    package init(virtualisation: Virtualisation, timeStampCounterKilohertz: UInt64, processor: String) {
        self.virtualisation = virtualisation
        self.timeStampCounterKilohertz = timeStampCounterKilohertz
        self.processor = processor
    }

    /// Measures; blocks for about 50 ms. A guest that calibrates its own counter against the PIT hangs for ever when the
    /// host is busy, so it is told the frequency.
    static func measure(_ virtualisation: Virtualisation) -> VirtualProcessor {
        let accelerator = virtualisation.accelerator
        return VirtualProcessor(
            virtualisation: virtualisation, timeStampCounterKilohertz: TimeStampCounter.measureKilohertz(),
            processor: accelerator == .kvm ? hostProcessor() : accelerator.cpuModel)
    }

    var accelerator: Accelerator { virtualisation.accelerator }

    var requirements: [String: String] {
        ["accelerator": accelerator.rawValue, "processor": processor, "architecture": "x86_64"]
    }

    /// Two measurements of one counter differ by far less than a part in two hundred; two hosts' counters hardly ever do.
    func matches(timeStampCounterKilohertz other: UInt64) -> Bool {
        let difference = max(other, timeStampCounterKilohertz) - min(other, timeStampCounterKilohertz)
        return difference * 200 <= timeStampCounterKilohertz
    }

    /// Model and features, from /proc/cpuinfo of proc(5).
    private static func hostProcessor() -> String {
        let text = (try? OwnedDescriptor.open("/proc/cpuinfo", .readOnly).readAll(limit: 1 << 20)) ?? []
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        return ["model name", "flags"]
            .compactMap { key in lines.first { $0.hasPrefix(key) } }
            .joined(separator: "; ")
    }
}
