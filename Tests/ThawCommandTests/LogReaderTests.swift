import Foundation
import SystemPackage
import Testing
import ThawCommand

@Suite struct LogReaderTests {
    @Test("versions that have logged are named when the one asked for has not")
    func versions() throws {
        let directory = FilePath(NSTemporaryDirectory()).appending("thaw-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: directory.string) }
        for (day, version) in [("01", "10"), ("01", "$LATEST"), ("02", "9"), ("02", "10")] {
            let parent = "\(directory)/2026/11/\(day)"
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: "\(parent)/[\(version)]\(UUID().uuidString)"))
        }
        let reader = LogReader(directory: directory, version: "3", showsTimestamps: false)
        #expect(try !reader.show())
        let versions = try reader.versions()
        #expect(versions == ["$LATEST", "9", "10"])
        let error = LogsError.nothingLogged("hello", version: "3", others: versions, in: directory)
        #expect(error.description.hasPrefix("nothing has been logged for version 3 of hello. "))
        #expect(error.description.hasSuffix(" These have logged: $LATEST, 9, 10."))
        let nothing = LogsError.nothingLogged("hello", version: "3", others: [], in: directory)
        #expect(nothing.description.contains("nothing has been logged for hello in \(directory)"))
    }
}
