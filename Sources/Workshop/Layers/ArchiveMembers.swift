internal import LinuxKit
internal import SystemPackage

/// Takes files out of an archive, as they are: what `docker save` writes is a tar of layers.
enum ArchiveMembers {
    /// How many links a name may lead through: older archives have layers that several images share once.
    private static let mostLinks = 4

    /// Writes the content of each member into the file at its place.
    /// - Returns: the bytes of all.
    static func write(
        _ names: [String], of archive: SharedDescriptor, to files: [SharedDescriptor], limit: Int
    ) throws(WorkshopError) -> Int {
        var wanted: [[String]: [Int]] = [:]
        for (index, name) in names.enumerated() { wanted[path(Array(name.utf8)), default: []].append(index) }
        var total = 0
        for _ in 0...mostLinks where !wanted.isEmpty {
            let reader = try TarArchive(archive)
            var links: [[String]: [Int]] = [:]
            while let member = try reader.next() {
                let path = path(member.name)
                guard let places = wanted[path] else { continue }
                switch member.kind {
                case .file:
                    guard member.size <= limit - total else { throw .layersTooLarge(limitBytes: limit) }
                    total += member.size
                    try copy(reader, size: member.size, to: places.map { files[$0] })
                case .symbolicLink(let target):
                    let place = target.first == UInt8(ascii: "/") ? [] : Array(path.dropLast())
                    links[Self.path(target, from: place), default: []] += places
                case .hardLink(let target): links[Self.path(target), default: []] += places
                case .directory, .pipe, .other: continue
                }
                wanted[path] = nil
                if wanted.isEmpty { break }
            }
            if !wanted.isEmpty { break }
            wanted = links
        }
        if let missing = wanted.values.first?.first { throw .notInArchive(names[missing]) }
        return total
    }

    private static func copy(
        _ archive: borrowing TarArchive, size: Int, to files: [SharedDescriptor]
    ) throws(WorkshopError) {
        try archive.content { offset, bytes throws(WorkshopError) in
            guard bytes.count <= size - offset else { throw .invalidLayer("a file has more bytes than it says") }
            for file in files {
                try attempt("write a file") { () throws(Errno) in try file.descriptor.write(bytes, at: Int64(offset)) }
            }
        }
        for file in files {
            try attempt("write a file") { () throws(Errno) in try file.descriptor.setSize(Int64(size)) }
        }
    }

    private static func path(_ name: [UInt8], from place: [String] = []) -> [String] {
        var names = place
        for part in name.split(separator: UInt8(ascii: "/")) {
            switch String(decoding: part, as: UTF8.self) {
            case ".": continue
            case "..": _ = names.popLast()
            case let other: names.append(other)
            }
        }
        return names
    }
}
