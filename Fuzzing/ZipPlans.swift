internal import SystemPackage

/// What a code archive's directory becomes, as libzip reads it from an archive ("PK" at the beginning), or, so that mutations need no
/// archive around them, from lines of a mode, a size and a name.
enum Target: FuzzTarget {
    private static let limits = ZipLimits(unzippedBytes: 1 << 20, nodes: 64)

    static func test(_ input: [UInt8]) {
        if input.starts(with: Array("PK".utf8)) {
            testArchive(input)
        } else if let plan = try? ZipPlan(entries(input), limits: limits) {
            check(plan)
        }
    }

    private static func testArchive(_ bytes: [UInt8]) {
        do throws(WorkshopError) {
            try ZipArchive.withArchive(in: bytes) { archive throws(WorkshopError) in
                let plan = try archive.plan(limits: limits)
                check(plan)
                for file in plan.files {
                    var read = 0
                    try archive.read(file.index, size: file.size) { piece in read += piece.count }
                    hold(read <= file.size, "\(read) bytes of a file of \(file.size)")
                }
            }
        } catch {
            hold(!error.description.isEmpty, "no description")
        }
    }

    /// Each line: two bytes of mode, of which 0xFFFF is none, two of size in KiB, and a name to the next line feed.
    private static func entries(_ bytes: [UInt8]) -> [ZipEntry] {
        bytes.split(separator: 10).enumerated().compactMap { index, line in
            guard line.count >= 4 else { return nil }
            let start = line.startIndex
            let mode = UInt32(line[start]) << 8 | UInt32(line[start + 1])
            let size = UInt64(line[start + 2]) << 18 | UInt64(line[start + 3]) << 4
            return ZipEntry(
                index: UInt64(index), name: String(decoding: line[(start + 4)...], as: UTF8.self), size: size,
                unixMode: mode == 0xFFFF ? nil : mode)
        }
    }

    /// Whoever makes the directories, then the files, then the links stays below the root.
    private static func check(_ plan: ZipPlan) {
        hold(plan.directories.count + plan.files.count + plan.links.count <= limits.nodes, "more nodes than allowed")
        hold(plan.size <= limits.unzippedBytes, "\(plan.size) bytes")
        hold(plan.size == plan.files.reduce(0) { $0 + $1.size } + plan.links.reduce(0) { $0 + $1.size }, "sizes differ")
        var directories: Set<[[UInt8]]> = [[]]
        var all: Set<[[UInt8]]> = []
        let leaves = plan.files.map(\.path) + plan.links.map(\.path)
        for (index, path) in (plan.directories + leaves).enumerated() {
            // As the kernel takes it apart: by bytes.
            let slash = UInt8(ascii: "/")
            let parts = path.string.utf8.split(separator: slash).map(Array.init)
            hold(path.string.utf8.first != slash && !parts.isEmpty, "the path '\(path)'")
            for part in parts {
                let isSpecial = part == Array(".".utf8) || part == Array("..".utf8)
                hold(!isSpecial && part.count <= 255 && !part.contains(0), "a name in '\(path)'")
            }
            hold(directories.contains(parts.dropLast()), "no directory for '\(path)'")
            hold(all.insert(parts).inserted, "'\(path)' is there twice")
            if index < plan.directories.count { directories.insert(parts) }
        }
    }

    static var seeds: [[UInt8]] {
        let trees: [[(UInt16, UInt16, String)]] = [
            [(0x81A4, 1, "index.py"), (0x41ED, 0, "lib/"), (0x81ED, 2, "lib/./run.sh"), (0xA1FF, 1, "current")],
            [(0xFFFF, 0, "a/b/c"), (0x81A4, 0, "a/b"), (0, 0, "a//b/../c")], [(0x81A4, 0, "/etc/passwd")],
            [(0xA1FF, 1, "link"), (0x81A4, 1, "link/below")], [(0x61A4, 0, "device")], [(0x81A4, 0xFFFF, "large")],
        ]
        let lines = trees.map { tree in
            Array(
                tree.map { mode, size, name in
                    [UInt8(mode >> 8), UInt8(mode & 255), UInt8(size >> 8), UInt8(size & 255)] + Array(name.utf8)
                }.joined(separator: [10]))
        }
        return lines + archives.map(ZipBuilder.archive)
    }

    private static let archives: [[ZipBuilder.Entry]] = [
        [], [.init("index.py", "print()\n"), .init("lib/", mode: 0o40755), .init("lib/x", "x", mode: nil)],
        [.init("link", "index.py", mode: 0o120777), .init("../out", "x")],
        [
            .init(
                "packed", method: 8, declaredSize: 5, checksum: 0x3610_A686,
                packed: [0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00])
        ],
        [.init("liar", "longer", declaredSize: 2)], [.init("locked", "x", flags: 1)],
    ]
}
