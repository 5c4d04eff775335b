/// Does `work` and throws its error as what `convert` makes of it: `try rethrowing(try open(path)) { NetworkError("open \(path)", $0) }`.
///
/// An autoclosure, because the compiler infers the errors of those and not of closures.
package func rethrowing<R: ~Copyable, Lower: Error, Upper: Error>(
    _ work: @autoclosure () throws(Lower) -> R, as convert: (Lower) -> Upper
) throws(Upper) -> R {
    do throws(Lower) { return try work() } catch { throw convert(error) }
}

/// The same for what suspends.
package func rethrowing<R, Lower: Error, Upper: Error>(
    _ work: @autoclosure () async throws(Lower) -> R, as convert: (Lower) -> Upper
) async throws(Upper) -> R {
    do throws(Lower) { return try await work() } catch { throw convert(error) }
}
