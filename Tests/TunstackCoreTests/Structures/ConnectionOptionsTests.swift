import Testing

@testable import TunstackCore

@Suite("Connection options")
struct ConnectionOptionsTests {
    @Test("a value outside its range counts as the nearest in it")
    func ranges() {
        var options = ConnectionOptions()
        options.differentiatedServices = 255
        options.timeToLive = 0
        options.minimumRTO = .zero
        options.maximumRTO = .zero
        options.delayedAcknowledgment = .seconds(2)
        options.receiveBufferBytes = .max
        options.sendBufferBytes = -1
        options.keepAlive = KeepAlive()
        options.keepAlive?.idle = .zero
        options.keepAlive?.interval = .zero
        let normalized = options.normalized
        #expect(normalized.differentiatedServices == 63)
        #expect(normalized.timeToLive == 1)
        #expect(normalized.minimumRTO > .zero)
        #expect(normalized.maximumRTO >= normalized.minimumRTO)
        #expect(normalized.delayedAcknowledgment < .milliseconds(500))
        #expect(normalized.receiveBufferBytes == 1 << 29)
        #expect(normalized.sendBufferBytes == 1)
        #expect((normalized.keepAlive?.idle ?? .zero) > .zero)
        #expect((normalized.keepAlive?.interval ?? .zero) > .zero)
    }

    @Test("the defaults are in range")
    func defaults() {
        #expect(ConnectionOptions().normalized == ConnectionOptions())
    }

    @Test("what a SYN has told the peer stays as it was told")
    func settled() {
        var new = ConnectionOptions()
        new.windowScale = 0
        new.timestamps = false
        new.selectiveAcknowledgment = false
        new.maximumSegmentSize = 600
        new.receiveBufferBytes = 1_000
        new.noDelay = true
        var expected = ConnectionOptions()
        expected.noDelay = true
        #expect(new.keepingWhatTheSynSettled(of: ConnectionOptions()) == expected)
    }
}
