import FunctionModel
import Testing
import ThawLab

@Suite struct SeriesTests {
    @Test func aLineOfAPlot() throws {
        let line = Series(
            bench: "slots", case: "direct", series: "cost of one more slot", x: "slots that exist", y: "ms",
            points: [.init(x: 0, y: 1.5), .init(x: 100, y: 2)])
        #expect(
            try members(of: line) == [
                "bench": .string("slots"), "case": .string("direct"), "series": .string("cost of one more slot"),
                "x": .string("slots that exist"), "y": .string("ms"),
                "points": .array([.array([.number(0), .number(1.5)]), .array([.number(100), .number(2)])]),
            ])
    }

    @Test(
        "each point is the median of those that follow it",
        arguments: [
            ([1, 9, 2, 5, 5, 8, 7], 3, [(0, 2), (3, 5), (6, 7)]), ([4], 100, [(0, 4)]), ([], 3, []),
            ([3, 1], 0, [(0, 3), (1, 1)]),
        ] as [([Double], Int, [(Double, Double)])])
    func smoothed(values: [Double], width: Int, expected: [(Double, Double)]) {
        #expect(Series.smoothed(values, width: width) == expected.map { .init(x: $0.0, y: $0.1) })
    }

    @Test func aDistributionSaysHowManyAreSoSmall() {
        let points = Series.distribution(Samples([30, 10, 20, 40]))
        #expect(points.count == 999)
        #expect(points.first == .init(x: 10, y: 0.001))
        #expect(points[249] == .init(x: 10, y: 0.25))
        #expect(points[250] == .init(x: 20, y: 0.251))
        #expect(points.last == .init(x: 40, y: 0.999))
        #expect(Series.distribution(Samples()).isEmpty)
    }
}

@Suite struct RootRulesTests {
    @Test("every slot has as many rules as are said", arguments: [0, 1, 3999])
    func count(index: Int) {
        #expect(RootRules.chain(index).count + RootRules.ways(index).count == RootRules.perSlot)
    }

    @Test func everySlotHasAnAddressOfItsOwn() {
        let addresses = (0..<4000).map(RootRules.address)
        #expect(Set(addresses).count == 4000)
        #expect(addresses.prefix(2).map { "\($0)" } == ["10.192.0.1", "10.192.0.3"])
        #expect(addresses.last.map { "\($0)" } == "10.192.31.63")
    }

    @Test func aFileOfRules() {
        let lines = RootRules.text(slots: 2).split(separator: "\n")
        #expect(
            lines.count { $0.hasSuffix(" drop") || $0.hasSuffix("accept") || $0.contains(" jump ") } == 2
                * RootRules.perSlot)
        #expect(lines.count { $0.hasSuffix("{") } == lines.count { $0 == "}" })
        #expect(lines.contains("iifname \"od1\" jump od1"))
    }
}

@Suite struct SlotsBenchmarkTests {
    @Test(
        "growth is what slots of the second half take against the first ones, whatever a few of them took",
        arguments: [
            ([Double](repeating: 2, count: 400), 1),
            ([Double](repeating: 1, count: 200) + repeatElement(3, count: 200), 3),
            ([Double](repeating: 9, count: 100) + repeatElement(1, count: 300), 1),
            ([5], 1),
        ])
    func growth(times: [Double], expected: Double) {
        #expect(SlotsBenchmark.growth(times) == expected)
    }
}
