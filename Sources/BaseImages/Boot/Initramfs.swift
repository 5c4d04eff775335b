/// What the guest boots from: its supervisor and the modules that the supervisor loads. Laid out as ThawGuest expects.
package enum Initramfs {
    /// - Parameter modules: in load order.
    package static func archive(guest: [UInt8], modules: [(name: String, content: [UInt8])]) -> [UInt8] {
        var archive = CPIOArchive()
        for directory in ["dev", "modules", "newroot", "proc", "sys"] { archive.addDirectory(directory) }
        archive.addCharacterDevice("dev/console", major: 5, minor: 1)
        archive.addCharacterDevice("dev/null", major: 1, minor: 3)
        for (index, module) in modules.enumerated() {
            let number = index < 10 ? "0\(index)" : "\(index)"
            archive.addFile("modules/\(number)-\(module.name).ko", content: module.content)
        }
        archive.addFile("init", executable: true, content: guest)
        return archive.finish()
    }
}
