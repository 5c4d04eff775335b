import Testing
import ThawLab

@Suite struct HTTPResponseReaderTests {
    typealias Response = HTTPResponseReader.Response

    static let response = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCONTENT-length:  5\r\n\r\nhello"

    @Test func aResponseByteByByte() throws {
        var reader = HTTPResponseReader()
        for byte in Self.response.utf8.dropLast() {
            reader.add([byte])
            #expect(try reader.next() == nil)
        }
        reader.add(Array(Self.response.utf8.suffix(1)))
        #expect(try reader.next() == Response(status: 200, isFunctionError: false, body: Array("hello".utf8)))
        #expect(try reader.next() == nil)
    }

    @Test func oneAfterTheOther() throws {
        var reader = HTTPResponseReader()
        reader.add(Array((Self.response + "HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n" + "HTTP").utf8))
        #expect(try reader.next()?.status == 200)
        #expect(try reader.next() == Response(status: 404, isFunctionError: false, body: []))
        #expect(try reader.next() == nil)
    }

    @Test func aFunctionsErrorIsSeen() throws {
        var reader = HTTPResponseReader()
        reader.add(Array("HTTP/1.1 200 OK\r\nX-Amz-Function-Error: Unhandled\r\nContent-Length: 2\r\n\r\n{}".utf8))
        #expect(try reader.next() == Response(status: 200, isFunctionError: true, body: Array("{}".utf8)))
    }

    @Test(
        "what is no such response is refused",
        arguments: [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "nonsense\r\n\r\n", "HTTP/1.1 many\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "\r\n\r\n",
            String(repeating: "x", count: 70_000),
        ])
    func refused(_ text: String) {
        var reader = HTTPResponseReader()
        reader.add(Array(text.utf8))
        #expect(throws: HTTPResponseReader.Malformed.self) { try reader.next() }
    }
}

@Suite struct MemoryCountsTests {
    @Test func kilobytesOfMeminfo() {
        let memory = MemoryCounts(
            meminfo: "MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\nSUnreclaim:   8 kB\n")
        #expect(memory.total == 2_097_152)
        #expect(memory.available == 1_048_576)
        #expect(memory.unreclaimable == 8192)
    }

    @Test func theKernelHasWhatNobodyElseHas() {
        let memory = MemoryCounts(
            meminfo:
                "MemTotal: 100 kB\nMemFree: 30 kB\nBuffers: 5 kB\nCached: 20 kB\nSwapCached: 1 kB\nAnonPages: 15 kB\n")
        #expect(memory.kernel == 30 << 10)
    }

    @Test func whatIsMissingIsNothing() {
        #expect(MemoryCounts(meminfo: "garbage").available == 0)
    }

    @Test func thisHostHasSomeOfEverything() throws {
        let counts = try HostCounts.read()
        #expect(counts.processes > 0 && counts.descriptors > 0 && counts.mounts > 0 && counts.namespaces > 0)
        #expect(counts.available > 0 && counts.used > 0 && counts.resident > 0)
        #expect(try HostCounts.threads() > 0)
        #expect(try HostCounts.maximumThreads() > 0)
    }
}
