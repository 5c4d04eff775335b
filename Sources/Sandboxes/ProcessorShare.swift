import Glibc

/// How much of the host's CPUs a function gets: AWS gives one for each 1769 MB of memory.
package enum ProcessorShare {
    private static let megabytesPerProcessor = 1769

    /// Whole ones, at least one and at most what the host has.
    package static func processors(forMegabytes megabytes: Int) -> Int {
        let wanted = (megabytes + megabytesPerProcessor - 1) / megabytesPerProcessor
        return min(max(1, wanted), max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// The share under contention as cgroups count it: 1 to 10000, everybody else has 100.
    package static func weight(forMegabytes megabytes: Int) -> Int {
        min(10_000, max(1, megabytes * 100 / megabytesPerProcessor))
    }
}
