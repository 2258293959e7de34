import TestSupport
import Testing

@testable import Tunstack

@Suite("Options of a stack")
struct TunnelOptionsTests {
    @Test("the defaults are those of the documentation, and are in order")
    func defaults() throws {
        let options = TunnelOptions()
        #expect(options.interfaceName == "tunstack0")
        #expect("\(options.hostAddress)" == "10.77.0.1/24")
        #expect("\(options.address)" == "10.77.0.2")
        #expect(options.mtu == 1_500)
        try options.checkAddresses()
        #expect(options.stackConfiguration.addresses.map(\.description) == ["10.77.0.2/24"])
    }

    @Test(
        "addresses between which no packet would pass are refused",
        arguments: [
            ("10.77.0.1/24", "10.78.0.2"), ("10.77.0.1/24", "10.77.0.1"), ("10.77.0.1/24", "10.77.0.0"),
            ("10.77.0.1/24", "10.77.0.255"), ("10.77.0.1/32", "10.77.0.2"),
        ])
    func badAddresses(host: String, stack: String) throws {
        var options = TunnelOptions()
        options.hostAddress = try #require(IPv4Network(host))
        options.address = try #require(IPv4Address(stack))
        #expect(throws: TunnelError.self) { try options.checkAddresses() }
    }

    @Test("a network of two addresses has room for both ends")
    func pointToPoint() throws {
        var options = TunnelOptions()
        options.hostAddress = try #require(IPv4Network("10.77.0.0/31"))
        options.address = IPv4Address(10, 77, 0, 1)
        try options.checkAddresses()
    }

    @Test(
        "what cannot be had says what to do next",
        arguments: [
            TunnelError.device(.nameInUse("tunstack0")), .endOfStream,
            .addressOutsideNetwork(IPv4Address(10, 78, 0, 2), TunnelOptions().hostAddress),
            .addressIsHosts(IPv4Address(10, 77, 0, 1)),
            .addressNamesNoHost(IPv4Address(10, 77, 0, 0), TunnelOptions().hostAddress),
        ])
    func descriptions(error: TunnelError) {
        #expect(error == .endOfStream || "\(error)".contains(" --"))
    }
}
