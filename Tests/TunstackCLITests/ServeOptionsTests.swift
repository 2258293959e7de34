import ArgumentParser
import TestSupport
import Testing
import Tunstack

@testable import TunstackCLI

@Suite("Options of the command")
struct ServeOptionsTests {
    private func parse(_ line: String) throws -> ServeOptions {
        try ServeOptions.parse(line.split(separator: " ").map(String.init))
    }

    @Test("services can be repeated and mixed")
    func services() throws {
        let options = try parse("--echo 9877 --echo 7 --chargen 19 --discard 9")
        #expect(options.echo == [9877, 7])
        #expect(options.services.map(\.kind) == [.echo, .echo, .discard, .chargen])
        #expect(options.services.map(\.port) == [9877, 7, 9, 19])
    }

    @Test("without options the interface is the documented one")
    func defaults() throws {
        let options = try parse("--echo 9877").tunnelOptions
        let documented = TunnelOptions()
        #expect(options.interfaceName == documented.interfaceName)
        #expect(options.hostAddress == documented.hostAddress)
        #expect(options.address == documented.address)
        #expect(options.mtu == documented.mtu)
        #expect(options.usesOffload == documented.usesOffload)
        #expect(options.eventLoop == documented.eventLoop)
        #expect(options.maximumSegmentLifetime == .seconds(30))
        #expect(options.connectionOptions == documented.connectionOptions)
    }

    @Test("every option of the interface and the connections reaches the stack")
    func everything() throws {
        let options = try parse(
            """
            --echo 1 --tun wire9 --host-address 10.99.3.1/28 --address 10.99.3.2 --mtu 1300 --no-offload --nodelay \
            --keep-alive 60,5,3 --quiet-time --msl 120 --event-loop epoll --busy-poll 50
            """
        ).tunnelOptions
        #expect(options.interfaceName == "wire9")
        #expect("\(options.hostAddress)" == "10.99.3.1/28")
        #expect("\(options.address)" == "10.99.3.2")
        #expect(options.mtu == 1_300)
        #expect(!options.usesOffload)
        #expect(options.eventLoop == .epoll(busyPoll: .microseconds(50)))
        #expect(options.connectionOptions.noDelay)
        #expect(options.connectionOptions.keepAlive?.idle == .seconds(60))
        #expect(options.connectionOptions.keepAlive?.interval == .seconds(5))
        #expect(options.connectionOptions.keepAlive?.probes == 3)
        #expect(options.keepsQuietTime)
        #expect(options.maximumSegmentLifetime == .seconds(120))
    }

    @Test("the MSL is one of the three in use", .requirement("mission B35"), arguments: [30, 60, 120])
    func segmentLifetimes(seconds: Int) throws {
        #expect(try parse("--echo 1 --msl \(seconds)").msl == .seconds(Int64(seconds)))
    }

    @Test("keep-alive has the usual interval and count unless told otherwise", .requirement("mission B42"))
    func keepAliveDefaults() throws {
        let keepAlive = try #require(try parse("--echo 1 --keep-alive 7200").keepAlive)
        #expect(keepAlive == KeepAlive())
    }

    @Test(
        "a wrong value is refused by name",
        arguments: [
            "--echo 0", "--echo 70000", "--echo -1", "--echo x", "--address 10.77", "--host-address 10.77.0.1",
            "--host-address 10.77.0.1/33", "--msl 31", "--keep-alive 0", "--keep-alive 1,2,256", "--keep-alive 1,,3",
            "--keep-alive 99999999999999999999", "--backlog 0", "--mtu x", "--event-loop x", "--busy-poll -1",
            "--busy-poll 5 --event-loop dispatch", "--ehco 1",
        ])
    func wrongValues(line: String) throws {
        let message = #expect(throws: (any Error).self) { try parse(line) }.map { ServeOptions.message(for: $0) }
        let wrong = try #require(line.split(separator: " ").first)
        #expect(message?.contains(wrong) == true)
    }

    @Test("to serve nothing is refused with an example")
    func noService() throws {
        let options = try parse("--mtu 1400")
        let error = #expect(throws: (any Error).self) { try options.requireService() }
        #expect(error.map { "\($0)".contains("--echo 9877") } == true)
    }
}

@Suite("The lab's command line")
struct LabCommandTests {
    @Test("what stands behind the two dashes is the command, options and all")
    func command() throws {
        let lab = try #require(
            try TunstackCommand.parseAsRoot(["lab", "--echo", "9877", "--", "nc", "-v", "--", "10.77.0.2"])
                as? LabCommand)
        #expect(lab.options.echo == [9877])
        #expect(lab.command == ["nc", "-v", "--", "10.77.0.2"])
        #expect(!lab.insideNamespace)
    }

    @Test("a lab without a command is refused")
    func noCommand() throws {
        #expect(throws: (any Error).self) { try TunstackCommand.parseAsRoot(["lab", "--echo", "9877"]) }
    }

    @Test("without a subcommand the command serves")
    func serveByDefault() throws {
        #expect(try TunstackCommand.parseAsRoot(["--echo", "9877"]) is ServeCommand)
    }
}
