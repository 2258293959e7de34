/// Third: check security (RFC 9293 §3.10.7.4, §A.1). The stack has no security compartments to compare, and precedence is no part of
/// TCP any more, so every segment passes.
extension Connection {
    @inline(__always)
    func checkSecurity() -> Disposition { .proceed }
}
