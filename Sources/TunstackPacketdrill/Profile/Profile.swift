import TunstackCore
import TunstackWire

/// What stack packetdrill is to meet, as the text of `--so_flags` says: words of the form `key=value`, with spaces or commas between them.
///
/// | word | meaning | default |
/// | --- | --- | --- |
/// | `local=A.B.C.D/N` | the stack's address and network; also `local_ip` | 192.168.0.1/16 |
/// | `mtu=N` | the device's MTU in bytes | 1500 |
/// | `profile=linux` or `rfc` | Linux's choices where the RFCs leave one, or the stack's own | linux |
/// | `sysctl=PATH` or `none` | where the settings of the `linux` profile are read | /proc/sys/net/ipv4 |
///
/// What it does not know it passes over, so that flags meant for other stacks do no harm.
struct Profile {
    /// Whose choices the stack makes.
    enum Kind { case linux, rfc }

    private(set) var local = IPv4Network(IPv4Address(192, 168, 0, 1), prefixLength: 16)
    private(set) var mtu = 1_500
    private(set) var kind = Kind.linux
    private(set) var sysctls = Sysctls(directory: "/proc/sys/net/ipv4")

    init(flags: String) {
        for word in flags.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "\t" }) {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { take(String(parts[0]), String(parts[1])) }
        }
    }

    private mutating func take(_ key: String, _ value: String) {
        switch key {
        case "local", "local_ip":
            if let network = IPv4Network(value) {
                local = network
            } else if let address = IPv4Address(value) {
                local = IPv4Network(address, prefixLength: 16)
            }
        case "mtu":
            if let number = Int(value), (576...65_535).contains(number) { mtu = number }
        case "profile":
            kind = value == "rfc" ? .rfc : .linux
        case "sysctl":
            sysctls = Sysctls(directory: value == "none" ? nil : value)
        default: break
        }
    }

    /// How the stack is made.
    var stackConfiguration: StackConfiguration {
        var configuration = StackConfiguration(address: local)
        configuration.mtu = mtu
        if kind == .linux { configuration.ephemeralPorts = 32_768...60_999 }
        return configuration
    }
}
