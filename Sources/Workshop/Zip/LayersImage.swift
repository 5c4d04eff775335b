import Glibc
internal import LinuxKit

/// Makes one image of several archives, as if each was unpacked over those before it: of two files with one name the later one
/// stays, and directories are merged. What is a file in one and a directory in another is what the later one says.
///
/// Attributes are those of ``ZipImage``: the same archives in the same order give the same bytes.
struct LayersImage {
    /// A node of one of the archives.
    private struct Source {
        var layer: Int
        var node: Int
    }

    private let plans: [ZipPlan]
    private let writer: ImageWriter

    /// - Parameter limits: of all of them together.
    /// - Returns: the bytes of the image.
    static func write(
        _ files: [SharedDescriptor], limits: ZipLimits, to output: SharedDescriptor, limit: Int
    ) throws(WorkshopError) -> Int {
        var (plans, left) = ([ZipPlan](), limits)
        for file in files {
            let plan = try archive(file).plan(limits: left)
            left.unzippedBytes -= plan.size
            left.nodes -= plan.nodes.count - 1
            plans.append(plan)
        }
        let image = LayersImage(
            plans: plans, writer: ImageWriter(output, limit: limit, root: ZipImage.attributes(S_IFDIR | 0o755)))
        let kept = image.makeDirectories()
        // One archive is open at a time.
        for (layer, file) in files.enumerated() { try image.write(kept.filter { $0.source.layer == layer }, of: file) }
        return try image.writer.finish(identifier: ZipImage.identifier)
    }

    private static func archive(_ file: SharedDescriptor) throws(WorkshopError) -> ZipArchive {
        try ZipArchive(file: file.descriptor)
    }

    private struct File {
        var source: Source
        var parent: Int
    }

    /// Depth first, in the order of names.
    /// - Returns: what is no directory.
    private func makeDirectories() -> [File] {
        var files: [File] = []
        var pending = [(sources: plans.indices.map { Source(layer: $0, node: 0) }, image: ImageWriter.root)]
        while let next = pending.popLast() {
            var children: [ZipPlan.Name: [Source]] = [:]
            for source in next.sources {
                for (name, node) in directory(source) ?? [:] {
                    children[name, default: []].append(Source(layer: source.layer, node: node))
                }
            }
            var below: [(sources: [Source], image: Int)] = []
            for (name, sources) in children.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                guard let last = sources.last else { continue }
                guard directory(last) != nil else {
                    files.append(File(source: last, parent: next.image))
                    continue
                }
                // What was a file before is gone, and what was below it in an earlier archive too.
                let merged = sources.suffix(while: { directory($0) != nil })
                let mode = S_IFDIR | mode_t(plans[last.layer].nodes[last.node].permissions)
                let made = writer.add(name, in: next.image, ZipImage.attributes(mode), .directory)
                below.append((Array(merged), made))
            }
            pending += below.reversed()
        }
        return files
    }

    private func directory(_ source: Source) -> [ZipPlan.Name: Int]? {
        if case .directory(let children) = plans[source.layer].nodes[source.node].content { children } else { nil }
    }

    private func write(_ files: [File], of file: SharedDescriptor) throws(WorkshopError) {
        guard let layer = files.first?.source.layer else { return }
        let image = ZipImage(plan: plans[layer], writer: writer)
        let archive = try Self.archive(file)
        for file in files { try image.write(file.source.node, in: file.parent, of: archive) }
    }
}

extension Array {
    /// The longest end of which all elements are such.
    fileprivate func suffix(while isWanted: (Element) -> Bool) -> ArraySlice<Element> {
        guard let last = lastIndex(where: { !isWanted($0) }) else { return self[...] }
        return self[(last + 1)...]
    }
}
