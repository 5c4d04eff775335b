import LinuxKit
import ProcessEngine
import RuntimeAPI
import Synchronization
import SystemPackage
import Testing

@Suite struct EngineLoopTests {
    @Test("a heap of deadlines gives what a sorted list would, whatever is moved and removed")
    func heap() {
        var generator = SystemRandomNumberGenerator()
        var heap = DeadlineHeap()
        var model: [Int: UInt64] = [:]
        for _ in 0..<20_000 {
            let holder = Int.random(in: 0..<100, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                heap.remove(holder)
                model[holder] = nil
            case 1:
                let now = UInt64.random(in: 0..<1000, using: &generator)
                let taken = heap.takePassed(at: now)
                #expect((taken == nil) == !model.values.contains { $0 <= now })
                if let taken {
                    #expect(model[taken] == model.values.min())
                    model[taken] = nil
                }
            default:
                let deadline = UInt64.random(in: 0..<1000, using: &generator)
                heap.set(deadline, for: holder)
                model[holder] = deadline
            }
            #expect(heap.earliest == model.values.min())
        }
    }

    private final class Done: Sendable {
        private let all = Mutex<[Int: [Int]]>([:])
        var numbers: [Int: [Int]] { all.withLock { $0 } }
        func add(_ number: Int, of thread: Int) { all.withLock { $0[thread, default: []].append(number) } }
    }

    @Test("work from many threads is all done, in each thread's order")
    func posting() async throws {
        let loop = try EngineLoop()
        let done = Done()
        await withTaskGroup { group in
            for thread in 0..<8 {
                group.addTask {
                    for number in 0..<2000 {
                        loop.perform { done.add(number, of: thread) }
                    }
                }
            }
        }
        await loop.shutdown()
        #expect(done.numbers == Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, Array(0..<2000)) }))
    }

    @Test("each of many single posts wakes a loop that sleeps")
    func wakeUps() async throws {
        let loop = try EngineLoop()
        for number in 0..<2000 {
            let heard = await withCheckedContinuation { heard in loop.perform { heard.resume(returning: number) } }
            #expect(heard == number)
        }
    }

    @Test("work posted from the loop itself runs at once")
    func inline() async throws {
        let loop = try EngineLoop()
        let order = await withCheckedContinuation { done in
            loop.perform {
                let order = Mutex<[Int]>([])
                loop.perform { order.withLock { $0.append(1) } }
                order.withLock { $0.append(2) }
                done.resume(returning: order.withLock { $0 })
            }
        }
        #expect(order == [1, 2])
    }

    private final class Alarm: LoopMember {
        let seat: LoopSeat
        let rang: AsyncStream<UInt64>
        private let feed: AsyncStream<UInt64>.Continuation

        init(_ loop: EngineLoop) throws {
            seat = try loop.makeSeat()
            (rang, feed) = AsyncStream.makeStream()
            seat.occupy(by: self)
        }

        func handle(_: EventQueue.Event) {}
        func deadlinePassed() { feed.yield(MonotonicClock.now()) }
    }

    @Test("deadlines pass in their order and not before their time, also one set while the loop sleeps for a later one")
    func deadlines() async throws {
        let loop = try EngineLoop()
        let alarms = try (0..<20).map { _ in try Alarm(loop) }
        let start = MonotonicClock.now()
        for (index, alarm) in alarms.enumerated().reversed() {
            alarm.seat.setDeadline(start + UInt64(index) * 5_000_000)
        }
        var previous: UInt64 = 0
        for (index, alarm) in alarms.enumerated() {
            let time = try #require(await alarm.rang.first { _ in true })
            #expect(time >= start + UInt64(index) * 5_000_000 && time >= previous)
            previous = time
        }
    }

    @Test("a member that is gone hears nothing, and its place is another's")
    func leaving() async throws {
        let loop = try EngineLoop()
        var first: Alarm? = try Alarm(loop)
        let tokens = try #require(first).seat.tokens
        first?.seat.setDeadline(MonotonicClock.now() + 3_600_000_000_000)
        first = nil
        let second = try Alarm(loop)
        #expect(second.seat.tokens & 0xF_FFFF << 32 == tokens & 0xF_FFFF << 32 && second.seat.tokens != tokens)
        second.seat.setDeadline(0)
        #expect(await second.rang.first { _ in true } != nil)
    }

    @Test("a watch hears of its descriptor until it is cancelled")
    func watching() async throws {
        let loop = try EngineLoop()
        let event = try OwnedDescriptor.event().shared()
        let (heard, feed) = AsyncStream.makeStream(of: Void.self)
        let watch = try LoopWatch(loop, event, .readable) { _ in
            _ = try? event.descriptor.read(upTo: 8)
            feed.yield()
        }
        _ = try event.descriptor.write([1, 0, 0, 0, 0, 0, 0, 0] as [UInt8])
        #expect(await heard.first { _ in true } != nil)
        watch.cancel()
        _ = try event.descriptor.write([1, 0, 0, 0, 0, 0, 0, 0] as [UInt8])
        await loop.shutdown()
        #expect(try event.descriptor.read(upTo: 8).first == 1)
    }
}
