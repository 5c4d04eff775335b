/// Does `work` and throws its error as what `convert` makes of it: `try await rethrowing(try await files.image(name), as: …)`.
///
/// An autoclosure, because the compiler infers the errors of those and not of closures.
func rethrowing<R, Lower: Error, Upper: Error>(
    _ work: @autoclosure () async throws(Lower) -> R, as convert: (Lower) -> Upper
) async throws(Upper) -> R {
    do throws(Lower) { return try await work() } catch { throw convert(error) }
}

func rethrowing<R, Lower: Error, Upper: Error>(
    _ work: @autoclosure () throws(Lower) -> R, as convert: (Lower) -> Upper
) throws(Upper) -> R {
    do throws(Lower) { return try work() } catch { throw convert(error) }
}
