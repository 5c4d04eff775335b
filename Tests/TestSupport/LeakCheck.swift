internal import LinuxKit
internal import SystemPackage

/// Runs `body` and returns what it left open: number and target of each new descriptor.
///
/// Descriptors belong to the whole process and tests run side by side, so call it inside an exit test:
/// `await #expect(processExitsWith: .success) { let left = try await leakedDescriptors { … }; #expect(left == []) }`.
package func leakedDescriptors(_ body: () async throws -> Void) async throws -> [String] {
    // The first use of many things opens something for good; only what a second use opens is a leak.
    try await body()
    let before = try openDescriptors()
    try await body()
    let after = try openDescriptors()
    return after.filter { before[$0.key] != $0.value }.map { "\($0.key) -> \($0.value)" }.sorted()
}

/// What /proc/self/fd lists, its own listing left out.
package func openDescriptors() throws -> [String: String] {
    var open: [String: String] = [:]
    for number in try Directory.entries("/proc/self/fd") {
        guard let target = FileStatus.symlinkContent(FilePath("/proc/self/fd/\(number)")) else { continue }
        open[number] = target.string
    }
    return open
}
