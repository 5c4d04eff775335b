import Glibc
package import LinuxKit
package import SystemPackage

/// Text of programs under test.
package enum Lines {
    package struct Missing: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// One line, without its end, read byte by byte so that the next stays.
    package static func next(from descriptor: borrowing OwnedDescriptor, atMost limit: Duration = .seconds(20)) throws
        -> String
    {
        var bytes: [UInt8] = []
        while true {
            guard try descriptor.wait(for: .readable, atMost: limit) else {
                throw Missing(description: "no line within \(limit), only \(String(decoding: bytes, as: UTF8.self))")
            }
            guard let byte = try descriptor.read(upTo: 1).first else {
                throw Missing(description: "the output ended with \(String(decoding: bytes, as: UTF8.self))")
            }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }
}

/// Programs in C, compiled when they are first wanted.
package enum CProgram {
    package static func build(_ source: String, in directory: FilePath, flags: [String] = []) async throws -> FilePath {
        let file = directory.appending("program.c")
        let binary = directory.appending("program")
        try DurableFile.write(source.utf8, to: file)
        var plan = SpawnPlan(
            executable: "/usr/bin/cc",
            arguments: ["cc", "-O1", "-pthread", "-o", binary.string, file.string] + flags,
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": directory.string])
        let output = try OwnedDescriptor.memoryFile(named: "cc").shared()
        plan.descriptors[1] = output
        plan.descriptors[2] = output
        let exit = try await plan.spawn().wait()
        guard exit?.reason == .exited(status: 0) else {
            _ = try syscall { output.withRaw { lseek($0, 0, SEEK_SET) } }
            throw Lines.Missing(description: String(decoding: try output.descriptor.readAll(), as: UTF8.self))
        }
        return binary
    }
}
