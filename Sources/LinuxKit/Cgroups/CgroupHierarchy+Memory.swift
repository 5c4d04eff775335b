internal import SystemPackage

extension CgroupHierarchy {
    /// What the kernel charges to all cgroups of ours whose name begins with `prefix`, in bytes; nil where it keeps no count. One that
    /// ends meanwhile is left out.
    package func memoryBytes(prefix: String) -> UInt64? {
        guard let tree = memoryTree, let names = try? Directory.entries(tree) else { return nil }
        let file = version == .two ? "memory.current" : "memory.usage_in_bytes"
        return names.filter { $0.hasPrefix(prefix) }.reduce(0) { sum, name in
            let text = try? SmallFile.text(tree.appending(name).appending(file))
            return sum + (text.flatMap { UInt64($0.split(separator: "\n").first ?? "") } ?? 0)
        }
    }
}
