import ArgumentParser
import FunctionModel
import Terminal
import Testing
import ThawLab

@Suite struct SamplesTests {
    static let percentiles: [([Double], Int, Double)] = [
        ([3, 1, 2], 50, 2), ([1, 2, 3, 4], 50, 2), ([5], 99, 5), (upTo(100), 99, 99), (upTo(101), 99, 100),
        (upTo(40), 99, 40), ([4, 4, 4, 9], 50, 4),
    ]

    static func upTo(_ last: Int) -> [Double] { (1...last).map(Double.init) }

    @Test("a percentile is the smallest value that so many do not exceed", arguments: percentiles)
    func percentile(values: [Double], percent: Int, expected: Double) {
        #expect(Samples(values).percentile(percent) == expected)
    }

    @Test func ofNothingThereIsNoPercentile() {
        let none = Samples()
        #expect(none.p50.isNaN && none.p99.isNaN && none.min.isNaN && none.max.isNaN && none.last.isNaN)
    }

    @Test func durationsAreMilliseconds() {
        var samples = Samples()
        samples.add([.microseconds(1500), .seconds(2)])
        #expect(samples.values == [1.5, 2000])
        #expect(samples.last == 2000)
    }
}

@Suite struct GoalTests {
    /// p50 50, p99 99, max 100, last 100.
    static let samples = Samples(SamplesTests.upTo(100))

    @Test(
        "a goal is met up to its value and not beyond",
        arguments: [
            (Measurement.Goal.p50AtMost(50), true), (.p50AtMost(49.9), false), (.p99AtMost(99), true),
            (.p99AtMost(98.9), false), (.maxAtMost(100), true), (.maxAtMost(99), false), (.p50AtLeast(50), true),
            (.p50AtLeast(50.1), false), (.lastAtMost(100), true), (.lastAtMost(99), false), (.lastAtLeast(100), true),
            (.lastAtLeast(101), false),
        ])
    func goal(_ goal: Measurement.Goal, isMet: Bool) {
        #expect(goal.isMet(by: Self.samples) == isMet)
    }

    @Test(
        "nothing measured meets no goal",
        arguments: [
            Measurement.Goal.p50AtMost(1), .p99AtMost(1), .maxAtMost(1), .p50AtLeast(1), .lastAtMost(1),
            .lastAtLeast(1),
        ])
    func nothing(_ goal: Measurement.Goal) {
        #expect(!goal.isMet(by: Samples()))
    }
}

@Suite struct MeasurementTests {
    @Test func aRowWithAGoal() throws {
        let row = Measurement(
            "burst", "Python echo", metric: "first response", Samples([0.25, 0.5, 4]), goal: .p99AtMost(2))
        #expect(
            try members(of: row) == [
                "bench": .string("burst"), "case": .string("Python echo"), "metric": .string("first response"),
                "unit": .string("ms"), "n": .number(3), "min": .number(0.25), "p50": .number(0.5), "p99": .number(4),
                "max": .number(4), "goal": .number(2), "met": .bool(false),
            ])
    }

    @Test func aRowWithoutAGoalHasNoVerdict() throws {
        let members = try members(of: Measurement("soak", "x", metric: "processes", unit: "", Samples([7])))
        #expect(members["goal"] == nil)
        #expect(members["met"] == nil)
        #expect(members["unit"] == .string(""))
    }

    @Test(
        "numbers have as many digits as tell something",
        arguments: [
            (0.0, "0"), (0.1234, "0.123"), (0.0004, "0.000"), (1.5, "1.50"), (9.994, "9.99"), (12.34, "12.3"),
            (150, "150"), (2345.67, "2345.7"), (12_345.6, "12346"), (-0.25, "-0.250"), (-3, "-3"), (.nan, "nan"),
            (.infinity, "inf"),
        ])
    func number(_ value: Double, _ text: String) {
        #expect(Format.number(value) == text)
    }
}

@Suite struct BenchCommandTests {
    @Test(
        "what a benchmark takes",
        arguments: [
            (["process-clone"], true), (["soak", "--count", "200"], true), (["soak", "--count", "199"], false),
            (["density", "--count", "1000", "--runtime", "java17"], true), (["density", "--count", "0"], false),
            (["burst", "--runtime", "nodejs20", "--runtime", "java17"], true),
            (["burst", "--runtime", "cobol"], false),
            (["versions", "--count", "50"], true),
            (["publish", "--count", "3"], false), (["microvm-clone", "--runtime", "java17"], false),
            (["everything"], false), ([], false), (["invoke", "--json"], true),
            (["slots", "--count", "4000"], true), (["slots", "--count", "99"], false), (["nat", "--count", "1"], true),
            (["claim", "--runtime", "python3.11"], false), (["vni", "--json"], true), (["rules"], true),
        ])
    func arguments(_ arguments: [String], areFine: Bool) {
        #expect(((try? BenchCommand.parse(arguments)) != nil) == areFine)
    }

    @Test("the standard number is one that may be given", arguments: Benchmark.allCases)
    func standardCount(_ benchmark: Benchmark) {
        guard let count = benchmark.count else { return }
        #expect(count.standard >= count.least)
    }
}
