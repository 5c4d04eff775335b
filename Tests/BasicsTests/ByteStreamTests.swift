import Basics
import Synchronization
import Testing

@Suite struct ByteStreamTests {
    @Test("what was written before is taken at once, in order, and the end comes after it")
    func order() async {
        let stream = ByteStream(limit: 100)
        stream.write([1, 2])
        stream.write([])
        stream.write([3])
        stream.end()
        stream.write([4])
        #expect(await stream.next() == [1, 2, 3])
        #expect(await stream.next() == nil)
        #expect(await stream.next() == nil)
    }

    @Test("a consumer that waits is woken by each part and by the end")
    func waiting() async {
        let stream = ByteStream(limit: 100)
        async let taken = Self.all(of: stream)
        for byte in UInt8(0)..<200 {
            stream.write([byte])
            await Task.yield()
        }
        stream.end()
        #expect(await taken == Array(0..<200))
    }

    private static func all(of stream: ByteStream) async -> [UInt8] {
        var all: [UInt8] = []
        while let part = await stream.next() { all += part }
        return all
    }

    @Test("a producer above the limit is told to wait, and once that there is room again")
    func backPressure() async {
        let stream = ByteStream(limit: 3)
        let calls = Mutex(0)
        stream.onRoom { calls.withLock { $0 += 1 } }
        #expect(stream.write([1, 2, 3]))
        #expect(!stream.write([4]))
        #expect(!stream.write([5]))
        #expect(calls.withLock { $0 } == 0)
        #expect(await stream.next() == [1, 2, 3, 4, 5])
        #expect(calls.withLock { $0 } == 1)
        #expect(stream.write([6]))
        #expect(await stream.next() == [6])
        #expect(calls.withLock { $0 } == 1)
    }

    @Test("a stream that nobody reads any more lets its producer go on, and keeps nothing")
    func abandoned() async {
        let stream = ByteStream(limit: 1)
        let calls = Mutex(0)
        stream.onRoom { calls.withLock { $0 += 1 } }
        #expect(!stream.write([1, 2]))
        stream.abandon()
        #expect(calls.withLock { $0 } == 1)
        #expect(stream.write([3, 4, 5]))
        #expect(await stream.next() == nil)
    }
}
