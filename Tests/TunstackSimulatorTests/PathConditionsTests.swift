import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

@Suite("Path conditions as text")
struct PathConditionsTests {
    @Test("a line of text is read, whatever the order and the separators")
    func parsing() throws {
        let path = try PathConditions(parsing: "reorder=5%/2ms, delay=20ms  loss=0.1% rate=2.5gbit,queue=200 ecn=50")
        var expected = PathConditions(delay: .milliseconds(20))
        expected.loss = 1_000
        expected.rate = 2_500_000_000
        expected.queue = 200
        expected.ecnThreshold = 50
        expected.reordering = 50_000
        expected.reorderingDelay = .milliseconds(2)
        #expect(path == expected)
        #expect(try PathConditions(parsing: "") == PathConditions())
    }

    @Test(
        "what is printed reads back as the same path",
        arguments: [
            "", "loss=1%", "loss=0.0001%", "loss=100%", "delay=20ms", "delay=1.5ms", "delay=300us", "delay=7ns",
            "delay=2.000000001s", "jitter=5ms", "jitter=5ms/reorder", "burst=1%/8", "gilbert=0.1%/10%/0%/100%",
            "rate=300mbit", "rate=1.000001mbit", "rate=1bit", "rate=10gbit queue=5 ecn=2", "duplicate=3%", "corrupt=2%",
            "mtu=1400", "mtu=1280/silent", "loss=1% delay=20ms rate=300mbit queue=200 reorder=5%/2ms",
        ])
    func printing(text: String) throws {
        let path = try PathConditions(parsing: text)
        #expect(path.description == text)
        #expect(PathConditions(path.description) == path)
    }

    @Test(
        "an error says what is wrong",
        arguments: [
            ("los=1%", "there is no condition 'los'"), ("loss", "loss has no value: 'loss=1%'"),
            ("loss=1% loss=2%", "loss is given twice"), ("loss=1", "loss needs a share with its unit"),
            ("loss=101%", "at most 100%"), ("loss=0.00001%", "finer than can be told apart"),
            ("loss=1%/2", "loss needs 1 values"), ("loss=.%", "loss needs a share"), ("loss=1.%", "loss needs a share"),
            ("loss=-1%", "loss needs a share"), ("delay=20", "delay needs a time with its unit"),
            ("delay=2h", "delay needs a time"), ("delay=3601s", "too long"), ("rate=0mbit", "out of range"),
            ("rate=99999999999999999999bit", "rate needs a rate"), ("rate=9999999999gbit", "too large"),
            ("rate=1.0000000001gbit", "finer than"), ("queue=9", "queue has no meaning without a rate"),
            ("ecn=9", "ecn has no meaning without a rate"), ("rate=1mbit queue=0", "out of range, 1 to 1000000"),
            ("rate=1mbit queue=x", "needs a whole number"), ("mtu=67", "out of range, 68 to 65535"),
            ("mtu=1400/loud", "can be followed by '/silent' only"), ("jitter=1ms/reorder/x", "too many values"),
            ("reorder=5%", "reorder needs 2 values: '5%' is not like '5%/2ms'"), ("burst=100%/4", "loses everything"),
            ("burst=60%/1", "bursts of 1 packets lose at most 50%"),
            ("burst=1%/2 gilbert=1%/1%/1%/1%", "two ways to say the same"),
        ])
    func errors(text: String, message: String) {
        let error = #expect(throws: PathConditionsError.self) { try PathConditions(parsing: text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
        #expect(PathConditions(text) == nil)
    }
}
