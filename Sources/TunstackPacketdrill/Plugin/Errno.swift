import Glibc

/// Why a call fails, as the number that `errno` tells.
struct Errno: Error, Hashable {
    let code: Int32

    init(_ code: Int32) { self.code = code }
}

/// Turns the outcome of a call into what its C counterpart returns: a number, or -1 and `errno`.
func answer<Number: FixedWidthInteger>(_ body: () throws(Errno) -> Number) -> Number {
    do throws(Errno) {
        return try body()
    } catch {
        errno = error.code
        return -1
    }
}
