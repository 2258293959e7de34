import TestSupport
import Testing
import TunstackWire

@Suite("IPv4 addresses and networks")
struct IPv4AddressTests {
    @Test("an address is the same from its parts, its number and its text")
    func forms() {
        let address = IPv4Address(10, 77, 0, 1)
        #expect(address.rawValue == 0x0A4D_0001)
        #expect(address == IPv4Address(rawValue: 0x0A4D_0001))
        #expect(IPv4Address("10.77.0.1") == address)
        #expect(address.description == "10.77.0.1")
        #expect(IPv4Address("255.255.255.255") == .broadcast)
        #expect(IPv4Address("0.0.0.0") == .unspecified)
    }

    @Test(
        "what is not four numbers of 0 to 255 is no address",
        arguments: [
            "", ".", "...", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.0.0.1", "1.2.3.256",
            "01.2.3.4", "1.2.3.00", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "+1.2.3.4", "a.b.c.d", "1.2.3.4x", "0x1.2.3.4",
            "99999999999999999999.1.1.1", "1,2,3,4", "１.2.3.4",
        ])
    func badText(text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test("text and number agree for a thousand seeded addresses")
    func textRoundTrip() {
        var generator = SplitMix64(seed: 791)
        for _ in 0..<1000 {
            let address = IPv4Address(rawValue: UInt32(truncatingIfNeeded: generator.next()))
            #expect(IPv4Address(address.description) == address)
        }
    }

    @Test("the special ranges begin and end where RFC 6890 says")
    func ranges() {
        #expect(IPv4Address.unspecified.isUnspecified && !IPv4Address(0, 0, 0, 1).isUnspecified)
        #expect(IPv4Address(0, 255, 255, 255).isThisNetwork && !IPv4Address(1, 0, 0, 0).isThisNetwork)
        #expect(!IPv4Address(126, 255, 255, 255).isLoopback && IPv4Address(127, 0, 0, 0).isLoopback)
        #expect(IPv4Address(127, 255, 255, 255).isLoopback && !IPv4Address(128, 0, 0, 0).isLoopback)
        #expect(!IPv4Address(223, 255, 255, 255).isMulticast && IPv4Address(224, 0, 0, 0).isMulticast)
        #expect(IPv4Address(239, 255, 255, 255).isMulticast && !IPv4Address(240, 0, 0, 0).isMulticast)
        #expect(!IPv4Address(239, 255, 255, 255).isReserved && IPv4Address(240, 0, 0, 0).isReserved)
        #expect(IPv4Address(255, 255, 255, 254).isReserved && !IPv4Address.broadcast.isReserved)
        #expect(IPv4Address.broadcast.isLimitedBroadcast && !IPv4Address(255, 255, 255, 254).isLimitedBroadcast)
    }

    @Test("a network knows its mask, its first and its last address")
    func network() {
        let network = IPv4Network(IPv4Address(10, 77, 0, 1), prefixLength: 24)
        #expect(network.netmask == IPv4Address(255, 255, 255, 0))
        #expect(network.networkAddress == IPv4Address(10, 77, 0, 0))
        #expect(network.broadcastAddress == IPv4Address(10, 77, 0, 255))
        #expect(network.contains(IPv4Address(10, 77, 0, 0)) && network.contains(IPv4Address(10, 77, 0, 255)))
        #expect(!network.contains(IPv4Address(10, 77, 1, 0)) && !network.contains(IPv4Address(10, 76, 255, 255)))
        #expect(network.isDirectedBroadcast(IPv4Address(10, 77, 0, 255)))
        #expect(!network.isDirectedBroadcast(IPv4Address(10, 77, 0, 254)))
    }

    @Test("prefixes of 0 and 32 bits hold everything and one address")
    func extremePrefixes() {
        let everything = IPv4Network(.unspecified, prefixLength: 0)
        #expect(everything.netmask == .unspecified && everything.broadcastAddress == .broadcast)
        #expect(everything.contains(IPv4Address(8, 8, 8, 8)))
        let one = IPv4Network(IPv4Address(10, 0, 0, 1), prefixLength: 32)
        #expect(one.netmask == .broadcast && one.networkAddress == one.address && one.broadcastAddress == one.address)
        #expect(one.contains(one.address) && !one.contains(IPv4Address(10, 0, 0, 0)))
    }

    @Test("in networks of two addresses and of one every address is a host's", arguments: [31, 32])
    func noBroadcast(prefixLength: Int) {
        let network = IPv4Network(IPv4Address(10, 0, 0, 1), prefixLength: prefixLength)
        #expect(!network.isDirectedBroadcast(network.broadcastAddress))
        #expect(!network.isOwnAddress(network.networkAddress))
        #expect(IPv4Network(network.address, prefixLength: 30).isOwnAddress(IPv4Address(10, 0, 0, 0)))
        #expect(IPv4Network(network.address, prefixLength: 30).isDirectedBroadcast(IPv4Address(10, 0, 0, 3)))
    }

    @Test("a network is written as address and prefix length, and read back", arguments: 0...32)
    func networkText(prefixLength: Int) throws {
        let text = "10.77.0.1/\(prefixLength)"
        let network = try #require(IPv4Network(text))
        #expect(network.address == IPv4Address(10, 77, 0, 1) && network.prefixLength == prefixLength)
        #expect(network.description == text)
    }

    @Test(
        "what is not an address with a prefix of 0 to 32 bits is no network",
        arguments: [
            "", "/", "10.0.0.1", "10.0.0.1/", "/24", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/+8", "10.0.0.1/08",
            "10.0.0/24", "10.0.0.1/24/8", "10.0.0.1/x", "10.0.0.1/ 8",
        ])
    func badNetworkText(text: String) {
        #expect(IPv4Network(text) == nil)
    }
}

@Suite("Addresses of both versions, and endpoints")
struct EndpointTests {
    @Test("an IPv4 address goes into the mapped form and comes out again")
    func mapped() {
        let v4 = IPv4Address(192, 0, 2, 1)
        let address = IPAddress(v4)
        #expect(address.high == 0 && address.low == 0xFFFF_C000_0201)
        #expect(address.v4 == v4)
        #expect(address.description == "192.0.2.1")
        #expect(IPAddress.unspecified.v4 == .unspecified)
        #expect(IPAddress(high: 0, low: 1).v4 == nil)
        #expect(IPAddress(high: 1, low: 0xFFFF_C000_0201).v4 == nil)
    }

    @Test(
        "an IPv6 address is written in the canonical form of RFC 5952",
        arguments: [
            (0, 0, "::"),
            (0, 1, "::1"),
            (0xFE80_0000_0000_0000, 0x1, "fe80::1"),
            (0x2001_0DB8_0000_0000, 0x0000_0000_0002_0001, "2001:db8::2:1"),
            (0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
            (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "2001:0:0:1::1"),
            (0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001, "2001:db8::1:0:0:1"),
            (0x2001_0DB8_0000_0000, 0, "2001:db8::"),
            (0x0001_0002_0003_0004, 0x0005_0006_0007_0000, "1:2:3:4:5:6:7:0"),
            (0x0000_0000_0003_0004, 0x0005_0006_0007_ABCD, "::3:4:5:6:7:abcd"),
            (UInt64.max, UInt64.max, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] as [(UInt64, UInt64, String)])
    func canonicalText(high: UInt64, low: UInt64, text: String) {
        #expect(IPAddress(high: high, low: low).description == text)
    }

    @Test("a socket is an address and a port, and two of them name a connection", .requirement("mission B1"))
    func sockets() {
        struct Connection: Hashable {
            var local: Endpoint
            var remote: Endpoint
        }
        let server = Endpoint(IPv4Address(10, 77, 0, 2), 9877)
        let client = Endpoint(IPv4Address(10, 77, 0, 1), 40000)
        #expect(server.description == "10.77.0.2:9877")
        #expect(server != Endpoint(IPv4Address(10, 77, 0, 2), 9878))
        #expect(server != Endpoint(IPv4Address(10, 77, 0, 1), 9877))
        let others = [
            Connection(local: server, remote: Endpoint(client.address, 40001)),
            Connection(local: Endpoint(server.address, 9878), remote: client),
            Connection(local: client, remote: server),
        ]
        #expect(Set(others + [Connection(local: server, remote: client)]).count == 4)
    }

    @Test("an IPv6 endpoint has brackets round its address")
    func brackets() {
        #expect(Endpoint(IPAddress(high: 0, low: 1), 80).description == "[::1]:80")
    }

    @Test("a port is an unsigned number of 16 bits")
    func ports() {
        #expect(Port(65535).description == "65535")
        #expect(Port(rawValue: 9877) == 9877)
    }
}
