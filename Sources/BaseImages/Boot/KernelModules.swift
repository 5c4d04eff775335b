internal import SystemPackage

/// Finds the modules a guest needs and the order they are loaded in.
package struct KernelModules {
    package struct NotFound: Error, Equatable {
        var module: String

        package init(module: String) {
            self.module = module
        }
    }

    /// What the guest cannot do without: disks, the two channels to the host, the network card, the root file system.
    static let needed = [
        "virtio_pci", "virtio_mmio", "virtio_blk", "virtio_console", "vmw_vsock_virtio_transport", "virtio_net",
        "erofs",
    ]

    /// Module name (with underscores) to the names it depends on.
    package var dependencies: [String: [String]]
    /// Modules that are part of the kernel image.
    var builtIn: Set<String>

    package init(dependencies: [String: [String]], builtIn: Set<String>) {
        self.dependencies = dependencies
        self.builtIn = builtIn
    }

    /// `wanted` and everything they depend on, dependencies first.
    package func loadOrder(of wanted: [String]) throws(NotFound) -> [String] {
        var order: [String] = []
        var seen = builtIn
        // A module is pushed again, as ready, behind its dependencies.
        var pending = wanted.reversed().map { (name: $0, isReady: false) }
        while let (name, isReady) = pending.popLast() {
            if isReady {
                order.append(name)
            } else if seen.insert(name).inserted {
                guard let needs = dependencies[name] else { throw NotFound(module: name) }
                pending.append((name, true))
                pending += needs.reversed().map { ($0, false) }
            }
        }
        return order
    }

    /// The names after `depends=` in a module's `.modinfo`, NUL-terminated `key=value` strings (modinfo(8)).
    package static func dependencies(ofModule bytes: [UInt8]) -> [String] {
        let key = Array("\0depends=".utf8)
        var position = 0
        while let zero = bytes[position...].firstIndex(of: 0) {
            if bytes[zero...].starts(with: key) {
                let value = bytes[(zero + key.count)...].prefix { $0 != 0 }
                return String(decoding: value, as: UTF8.self).split(separator: ",").map { name(of: String($0)) }
            }
            position = zero + 1
        }
        return []
    }

    /// `kernel/lib/libcrc32c.ko` and `crc32c-intel` are `libcrc32c` and `crc32c_intel` to the kernel.
    package static func name(of file: String) -> String {
        let stem = file.split(separator: "/").last.map(String.init) ?? file
        let base = stem.hasSuffix(".ko") ? String(stem.dropLast(3)) : stem
        return String(base.map { $0 == "-" ? "_" : $0 })
    }
}
