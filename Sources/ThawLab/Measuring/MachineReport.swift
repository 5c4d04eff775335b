import Foundation
import Glibc
import LinuxKit
import MicroVMEngine
import SlotNetwork
import SystemPackage

/// The machine and how busy it is: what every measurement must come with.
struct MachineReport: Encodable, Sendable {
    var processor: String
    var processors: Int
    var memoryMegabytes: Int
    var kernel: String
    var virtualisation: String
    /// How network slots' programs are attached: tcx or clsact; nil where none can be loaded.
    var attachment: String?
    /// Of the last minute, as in /proc/loadavg.
    var load: Double

    static func current() async -> MachineReport {
        let accelerator = await MicroVMEngine.findings().accelerator
        let information = lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }
        let load = lines("/proc/loadavg").first?.split(separator: " ").first.flatMap { Double($0) }
        return MachineReport(
            processor: information?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
                ?? "unknown",
            processors: ProcessInfo.processInfo.activeProcessorCount,
            memoryMegabytes: Int(ProcessInfo.processInfo.physicalMemory >> 20),
            kernel: lines("/proc/sys/kernel/osrelease").first.map(String.init) ?? "unknown",
            virtualisation: accelerator == .kvm ? "hardware" : "emulated",
            attachment: (try? ProgramAttachment.best())?.rawValue, load: load ?? .nan)
    }

    private static func lines(_ path: String) -> [Substring] {
        ((try? SmallFile.text(.init(path))) ?? "").split(separator: "\n")
    }

    var text: String {
        """
        \(processors) × \(processor), \(memoryMegabytes >> 10) GiB, Linux \(kernel), \(virtualisation) virtualisation, \
        slots by \(attachment ?? "nothing"), load \(load)
        """
    }
}
