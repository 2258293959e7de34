/// The name of a network interface that the kernel accepts, or a template with one "%d" in it for `TUNSETIFF`.
struct InterfaceName: Hashable, Sendable {
    /// `IFNAMSIZ` without the terminating zero byte.
    static let maximumLength = 15

    let text: String

    /// Checks the rules of the kernel's `dev_valid_name`, and that "%" occurs only as one "%d".
    init(_ text: String) throws(TunError) {
        let allowed = text.utf8.allSatisfy { byte in
            byte > UInt8(ascii: " ") && byte != 0x7F && byte != UInt8(ascii: "/") && byte != UInt8(ascii: ":")
        }
        let fits = (1...Self.maximumLength).contains(text.utf8.count)
        guard allowed, fits, text != ".", text != "..", Self.hasProperTemplate(text.utf8) else {
            throw .invalidName(text)
        }
        self.text = text
    }

    private static func hasProperTemplate(_ bytes: String.UTF8View) -> Bool {
        guard let percent = bytes.firstIndex(of: UInt8(ascii: "%")) else { return true }
        let rest = bytes[bytes.index(after: percent)...]
        return rest.first == UInt8(ascii: "d") && !rest.contains(UInt8(ascii: "%"))
    }
}
