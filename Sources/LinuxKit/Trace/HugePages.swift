package import SystemPackage

/// Whom the host's kernel gives huge pages: transparent_hugepage/enabled of its admin-guide.
package enum HugePages {
    package enum Setting: String, CaseIterable { case always, madvise, never }

    package static let file: FilePath = "/sys/kernel/mm/transparent_hugepage/enabled"

    /// Now; nil where the kernel has none.
    package static var setting: Setting? {
        let text = (try? SmallFile.text(file)) ?? ""
        return Setting.allCases.first { text.contains("[\($0.rawValue)]") }
    }
}
