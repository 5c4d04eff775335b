import Glibc
import LinuxKit
import Testing

@Suite struct ProcessMappingTests {
    static func parse(_ line: String) -> ProcessMapping? {
        Array(line.utf8).withUnsafeBufferPointer { ProcessMapping($0) }
    }

    @Test("a line of /proc/PID/maps says where, what is allowed, and of which file")
    func line() throws {
        let line = try #require(Self.parse("7f12a000-7f12c000 r-xp 00001000 fe:00 253911     /usr/bin/a cat"))
        #expect(line.range == 0x7f12_a000..<0x7f12_c000)
        #expect(line.protection == UInt32(PROT_READ | PROT_EXEC) && line.isReadable && !line.isWritable)
        #expect(!line.isShared && line.fileOffset == 0x1000 && line.inode == 253_911)
        #expect(line.name == "/usr/bin/a cat")
    }

    @Test("what has no file has no inode, and a newline in a name is one")
    func names() throws {
        let anonymous = try #require(Self.parse("1000-2000 rw-s 00000000 00:00 0 "))
        #expect(anonymous.inode == 0 && anonymous.name == "" && anonymous.isShared && anonymous.isWritable)
        #expect(Self.parse("1000-2000 ---p 0 00:00 7 /a\\012b")?.name == "/a\nb")
    }

    @Test(
        "a line of another form is none",
        arguments: ["", "Size: 4 kB", "1000", "2000-1000 rw-p 0 00:00 0", "1000-2000 rw"])
    func hostile(line: String) { #expect(Self.parse(line) == nil) }

    @Test("all mappings of this process ascend, and its stack is one of them")
    func own() throws {
        let mappings = try ProcessMapping.all(of: getpid())
        #expect(zip(mappings, mappings.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound })
        #expect(mappings.contains { $0.name == "[stack]" && $0.isWritable })
    }
}

@Suite struct ResourceLimitTests {
    @Test("a file of limits says soft and hard ones in the order of their numbers")
    func own() throws {
        let found = try ProcText(of: "/proc/self/limits").resourceLimits
        try #require(found.count == 16)
        for (number, limit) in found.enumerated() {
            var known = rlimit()
            getrlimit(__rlimit_resource_t(UInt32(number)), &known)
            #expect(limit.soft == known.rlim_cur && limit.hard == known.rlim_max, "\(number)")
        }
    }

    @Test("names have blanks, values may be without bound, and other lines say nothing")
    func text() {
        let text = """
            Limit                     Soft Limit           Hard Limit           Units
            Max cpu time              unlimited            18446744073709551614 seconds
            Max nice priority         0                    7
            Max
            """
        let found = ProcText(Array(text.utf8)).resourceLimits
        #expect(found.map(\.soft) == [.max, 0] && found.map(\.hard) == [.max - 1, 7])
    }
}
