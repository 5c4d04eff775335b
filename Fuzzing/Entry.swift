// Imports nothing: all files of a module import a library equally visibly, and this one is part of several.

/// What is fuzzed: one type of this name in each target's file.
protocol FuzzTarget {
    /// Inputs to begin with, made by the code that writes them for real where there is such.
    static var seeds: [[UInt8]] { get }
    /// Must come back from every input; says what does not hold with ``hold(_:_:)``.
    static func test(_ input: [UInt8])
}

/// Ends the run unless `claim` is true; libFuzzer keeps the input.
func hold(_ claim: Bool, _ what: @autoclosure () -> String) {
    guard claim else { fatalError("does not hold: \(what())") }
}

/// `bytes` in pieces of `length`, the last one shorter: as a stream may bring them.
func pieces(of bytes: [UInt8], length: Int) -> [ArraySlice<UInt8>] {
    stride(from: 0, to: bytes.count, by: length).map { bytes[$0..<min($0 + length, bytes.count)] }
}

@_cdecl("fuzz_test")
public func fuzzTest(_ input: UnsafePointer<UInt8>?, _ size: Int) {
    Target.test(Array(UnsafeBufferPointer(start: input, count: size)))
}

@_cdecl("fuzz_print_seeds")
public func fuzzPrintSeeds() {
    for seed in Target.seeds {
        print(seed.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
    }
}
