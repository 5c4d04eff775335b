import Foundation
import ServerAssembly
import SystemPackage
import Testing

@Suite struct StateDirectoryTests {
    @Test(
        "a directory means the same wherever it is used",
        arguments: [
            ("/srv/thaw", "/srv/thaw"), ("/srv/./thaw/", "/srv/thaw"), ("/srv/other/../thaw", "/srv/thaw"), ("/", "/"),
        ])
    func absolute(given: String, path: String) {
        #expect(StateDirectory(given).path.string == path)
    }

    @Test("a relative one is below where the process is")
    func relative() {
        let here = StateDirectory(FileManager.default.currentDirectoryPath)
        #expect(StateDirectory("state").path == here.path.appending("state"))
        #expect(StateDirectory("state/../state") == StateDirectory("state"))
    }

    @Test("its name for cgroups and slots stays the same from start to start, and is another's of no other")
    func instance() {
        #expect(StateDirectory("/var/lib/thaw").instance == StateDirectory("/var/lib/./thaw").instance)
        let names = ["/", "/a", "/b", "/var/lib/thaw", "/var/lib/thaw2"].map { StateDirectory($0).instance }
        #expect(Set(names).count == names.count)
        for name in names { #expect((1...7).contains(name.utf8.count) && name.allSatisfy { $0.isASCII }) }
    }
}
