/// What connections at rest have in common or seldom need, beside the records.
struct SharedParts: ~Copyable {
    /// Controllers that do not fit in a record.
    var controllers = Slab<CongestionControl>()
    var options = OptionsTable()
    let timestampTick: Interval

    init(timestampTick: Interval) {
        self.timestampTick = timestampTick
    }

    /// The connection that a record stands for.
    func connection(_ resting: RestingConnection, of entry: ConnectionStore.Entry) -> Connection {
        let congestion =
            switch resting.congestion {
            case .cubicInSlowStart(let window, let search): CongestionControl(Cubic(window, search: search))
            case .cubic(let window, let curve): CongestionControl(Cubic(window, curve: CubicCurve(curve)))
            case .newReno(let window, let search, let acknowledged):
                CongestionControl(NewReno(window, search: search, acknowledged: acknowledged))
            case .whole(let place): controllers[Int(place)]
            }
        return Connection(
            waking: resting, timer: entry.timer, key: entry.key, options: options[entry.options],
            congestion: congestion, timestampTick: timestampTick)
    }
}
