/// The kernel's random numbers, for initial sequence numbers, ports and keys.
///
/// It is the standard library's generator: on Linux that is one `getrandom(2)` call without flags per number
/// (`/dev/urandom` on kernels that lack it), so it is fit for secrets, which RFC 6528 asks of its key.
public typealias SystemEntropy = SystemRandomNumberGenerator
