import Testing

@testable import TunstackLinux

@Suite("Names and addresses of interfaces")
struct InterfaceValueTests {
    @Test(
        "a name of 1 to 15 bytes is taken, with one number template",
        arguments: ["t", "tunstack0", "tun%d", "123456789012345", "a.b"])
    func goodName(name: String) throws {
        #expect(try InterfaceName(name).text == name)
    }

    @Test(
        "a name that the kernel refuses is refused before it is asked",
        arguments: [
            "", ".", "..", "1234567890123456", "a/b", "a b", "a:b", "a\tb", "a\0b", "tun%s", "tun%", "%d%d",
            "\u{E4}\u{E4}\u{E4}\u{E4}\u{E4}\u{E4}\u{E4}\u{E4}",
        ])
    func badName(name: String) {
        #expect(throws: TunError.invalidName(name)) { try InterfaceName(name) }
        #expect(throws: TunError.invalidName(name)) { try NetworkInterface(name: name) }
        #expect(throws: TunError.invalidName(name)) { try TunDevice.open(name: name).fileDescriptor }
    }

    @Test("an address is shown as dotted quad with its prefix length and knows its mask")
    func goodAddress() throws {
        let address = try InterfaceAddress(0x0A4D_0001, prefixLength: 24)
        #expect(address.description == "10.77.0.1/24")
        #expect(address.netmask == 0xFFFF_FF00)
        #expect(try InterfaceAddress(0x0A4D_0001, prefixLength: 32).netmask == 0xFFFF_FFFF)
        #expect(try InterfaceAddress(0x0A4D_0001, prefixLength: 1).netmask == 0x8000_0000)
    }

    @Test(
        "an address that no host can have, or a prefix length out of range, is refused",
        arguments: [
            (0, 24, "0.0.0.0/24"), (0xE000_0001, 24, "224.0.0.1/24"), (0xFFFF_FFFF, 32, "255.255.255.255/32"),
            (0x0A4D_0001, 0, "10.77.0.1/0"), (0x0A4D_0001, 33, "10.77.0.1/33"), (0x0A4D_0001, -1, "10.77.0.1/-1"),
        ] as [(UInt32, Int, String)])
    func badAddress(address: UInt32, prefixLength: Int, text: String) {
        #expect(throws: TunError.invalidAddress(text)) {
            try InterfaceAddress(address, prefixLength: prefixLength)
        }
    }
}
