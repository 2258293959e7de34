import Glibc

/// The settings of Linux's TCP in this network namespace (`/proc/sys/net/ipv4/tcp_*`), which scripts set before they begin.
struct Sysctls {
    /// Where they are; nil to look nowhere and take every default.
    let directory: String?

    /// The numbers of one setting; empty if it is not there or not made of numbers.
    func numbers(_ name: String) -> [Int] {
        guard let text = text(name) else { return [] }
        let fields = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }
        let numbers = fields.compactMap { Int($0) }
        return numbers.count == fields.count ? numbers : []
    }

    /// The one number of a setting.
    func number(_ name: String) -> Int? { numbers(name).first }

    /// A setting that is on unless it is 0.
    func isOn(_ name: String, otherwise standard: Bool) -> Bool { number(name).map { $0 != 0 } ?? standard }

    /// The text of one setting, without the end of line.
    func text(_ name: String) -> String? {
        guard let directory, let bytes = Self.read("\(directory)/\(name)") else { return nil }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// No setting is longer.
    private static let longest = 4_096

    private static func read(_ path: String) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: longest) { buffer, initialized in
            count = unsafe Glibc.read(file, buffer.baseAddress, buffer.count)
            initialized = max(0, count)
        }
        return count < 0 ? nil : bytes
    }
}
