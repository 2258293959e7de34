import CLinuxTun

/// An error number of the C library, kept as a value instead of in a thread's `errno`.
public struct Errno: Error, RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number, positive: `EBUSY` is 16 on Linux.
    public let rawValue: CInt

    /// The error with this number.
    public init(rawValue: CInt) {
        self.rawValue = rawValue
    }

    /// The symbol and what it means, for instance "EBUSY: Device or resource busy"; a number that the C library does
    /// not know is shown as "errno 4096".
    public var description: String {
        guard let name = unsafe clinuxtun_error_name(rawValue), let text = unsafe clinuxtun_error_text(rawValue) else {
            return "errno \(rawValue)"
        }
        return unsafe "\(String(cString: name)): \(String(cString: text))"
    }
}
