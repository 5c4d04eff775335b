import Testing
import Worker

@Suite struct GenerationTests {
    @Test("generations grow whatever the clock does, and are beyond those of an earlier server")
    func growing() {
        let generations = Generations()
        let clock: [UInt64] = [1_795_424_579_068_460_993, 1_795_424_579_068_460_993, 0, 1_795_424_579_068_462_000]
        let made = clock.map { generations.next($0) }
        #expect(made == [1_795_424_579_068_460, 1_795_424_579_068_461, 1_795_424_579_068_462, 1_795_424_579_068_463])
        #expect(Generations().next(1_795_424_580_000_000_000) > made[3])
    }

    @Test("no two of many at once are alike")
    func concurrent() async {
        let generations = Generations()
        let made = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 { group.addTask { (0..<1000).map { _ in generations.next(5_000) } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(made).count == 8000)
    }
}
