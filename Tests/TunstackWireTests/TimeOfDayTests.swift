import Testing
import TunstackWire

@Suite("Times of day")
struct TimeOfDayTests {
    @Test(
        "a time is written with two, two, two and six digits, and read back",
        arguments: [
            (0, "00:00:00.000000"), (1, "00:00:00.000001"), (33_517_316_083, "09:18:37.316083"),
            (86_399_999_999, "23:59:59.999999"), (3_600_000_000, "01:00:00.000000"),
        ] as [(Int64, String)])
    func text(microseconds: Int64, text: String) {
        #expect(TimeOfDay(microseconds: microseconds).description == text)
        #expect(TimeOfDay(text)?.microseconds == microseconds)
    }

    @Test("whole days are dropped, on either side of midnight")
    func days() {
        let day: Int64 = 86_400_000_000
        #expect(TimeOfDay(microseconds: day + 5) == TimeOfDay(microseconds: 5))
        #expect(TimeOfDay(microseconds: -1).description == "23:59:59.999999")
        #expect(TimeOfDay(microseconds: -day).microseconds == 0)
        #expect((0..<day).contains(TimeOfDay(microseconds: Int64.min).microseconds))
        #expect((0..<day).contains(TimeOfDay(microseconds: Int64.max).microseconds))
    }

    @Test(
        "anything else is no time",
        arguments: [
            "", "09:18:37", "9:18:37.316083", "09:18:37.31608", "09:18:37.3160830", "24:00:00.000000",
            "23:60:00.000000", "23:59:60.000000", "09-18:37.316083", "09:18:37,316083", "09:18:3x.316083",
            "+9:18:37.316083",
        ])
    func badText(text: String) {
        #expect(TimeOfDay(text) == nil)
    }
}
