import CProcessImage
import LinuxKit
import SystemPackage

/// The memory of an older image, by address: what a newer one of the same process's descendants need not hold again.
package final class BaseMemory: Sendable {
    /// The file that snapshots built on this one have as `base`.
    let file: SharedDescriptor
    let size: UInt64
    private let content: MappedFile
    /// Ascending, and only those whose content is in the file itself.
    private let runs: [thaw_run]

    /// Throws `.invalidArgument` for an image that holds no memory.
    package init(_ image: ProcessImage) throws(Errno) {
        file = image.memory
        size = image.memorySize
        content = try MappedFile(image.memory.descriptor, size: Int(clamping: image.memorySize))
        runs = image.runs().filter { $0.source == UInt64(THAW_RUN_MEMORY.rawValue) }
    }

    /// Finds pages in ascending order, from `address` on.
    func cursor(at address: UInt64) -> Cursor {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].end <= address { low = middle + 1 } else { high = middle }
        }
        return Cursor(memory: self, index: low)
    }

    struct Cursor {
        fileprivate let memory: BaseMemory
        fileprivate var index: Int

        /// Where in the file the page at `address` is; nil when the base has none there.
        mutating func offset(at address: UInt64) -> UInt64? {
            while index < memory.runs.count, memory.runs[index].end <= address { index += 1 }
            guard index < memory.runs.count, memory.runs[index].start <= address else { return nil }
            return memory.runs[index].offset + (address - memory.runs[index].start)
        }

        /// The page at `address`; good while the base lives.
        mutating func page(at address: UInt64) -> UnsafeRawPointer? {
            guard let offset = offset(at: address), let place = Int(exactly: offset) else { return nil }
            return memory.content.bytes.baseAddress.map { $0 + place }
        }
    }
}
