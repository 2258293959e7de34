import TunstackCore

extension FlowDrawing {
    // MARK: Rate and windows

    mutating func addRates() {
        let window = series.line { Double($0.congestionWindow) / 1_000 }
        let flight = series.line { Double($0.bytesInFlight) / 1_000 }
        let threshold = series.line { sample in sample.slowStartThreshold.map { Double($0) / 1_000 } }
        let goodput = series.goodput(bins: 128)
        let largest = (window + flight).map(\.value).max() ?? 0
        let scale = PlotScale(upTo: largest * 1.05, ticks: 5, at: Self.rates)
        // Both axes have the same lines, so the one at the right takes its numbers from them.
        let rateScale = PlotScale(upTo: (goodput.map(\.value).max() ?? 0) * 1.05, ticks: 5, at: Self.rates)
        addPanel("Windows and goodput", "rates", unit: "kB", scale)
        for tick in rateScale.ticks {
            page.add(
                text: tick.text(places: 6), "tick rate", x: Self.across.upperBound + 12, y: rateScale.y(tick) + 4.5)
        }
        page.add(text: "Mbit/s", "unit rate", x: Self.across.upperBound + 12, y: Self.rates.lowerBound - 14)
        let rate = points(goodput, rateScale)
        if let first = rate.first, let last = rate.last {
            let bottom = rateScale.y(0)
            let area = SVGPage.area(
                [(Self.across.lowerBound, first.y)] + rate + [(Self.across.upperBound, last.y)],
                [(Self.across.lowerBound, bottom), (Self.across.upperBound, bottom)])
            page.add(path: area, "goodput", clip: "rates")
        }
        page.add(path: SVGPage.line(points(flight, scale)), "inflight", clip: "rates")
        page.add(path: SVGPage.line(steps(threshold, scale)), "threshold", clip: "rates")
        page.add(path: SVGPage.line(steps(window, scale)), "window", clip: "rates")
        addLegend(
            [("goodput", "goodput"), ("window", "cwnd"), ("inflight", "in flight"), ("threshold", "ssthresh")],
            above: Self.rates)
    }

    // MARK: Delays

    mutating func addDelays() {
        let milliseconds = { (interval: Interval) in FlowSeries.seconds(interval) * 1_000 }
        let roundTrip = series.line { $0.smoothedRoundTrip > .zero ? milliseconds($0.smoothedRoundTrip) : nil }
        let least = record.samples.map(\.pathDelay).filter { $0 > .zero }.min() ?? .zero
        let queue = series.line { $0.pathDelay > .zero ? milliseconds($0.pathDelay - least) : nil }
        let largest = (roundTrip + queue).map(\.value).max() ?? 0
        let scale = PlotScale(upTo: largest * 1.05, ticks: 4, at: Self.delays)
        addPanel("Round trip and queue", "delays", unit: "ms", scale)
        let wait = points(queue, scale)
        if let first = wait.first, let last = wait.last {
            page.add(
                path: SVGPage.area(wait, [(first.x, scale.y(0)), (last.x, scale.y(0))]), "queue", clip: "delays")
        }
        page.add(path: SVGPage.line(points(roundTrip, scale)), "roundtrip", clip: "delays")
        addLegend([("roundtrip", "smoothed round trip"), ("queue", "wait on the way")], above: Self.delays)
    }

    // MARK: Stream

    mutating func addStream() {
        let sent = series.line { Double($0.sent) }
        let acknowledged = series.line { Double($0.acknowledged) }
        let largest = sent.last?.value ?? 0
        let (unit, size) =
            largest >= 2e9 ? ("GB", 1e9) : largest >= 2e6 ? ("MB", 1e6) : largest >= 2e3 ? ("kB", 1e3) : ("bytes", 1)
        let scale = PlotScale(upTo: largest / size * 1.02, ticks: 5, at: Self.stream)
        addPanel("Place in the stream", "stream", unit: unit, scale)
        let upper = points(sent.map { ($0.time, $0.value / size) }, scale)
        let lower = points(acknowledged.map { ($0.time, $0.value / size) }, scale)
        page.add(path: SVGPage.area(upper, lower), "flight", clip: "stream")
        page.add(path: SVGPage.line(upper), "sent", clip: "stream")
        page.add(path: SVGPage.line(lower), "acknowledged", clip: "stream")
        page.add(path: SVGPage.dots(marks(.retransmission, scale, size)), "again", clip: "stream")
        page.add(path: SVGPage.crosses(marks(.loss, scale, size), radius: 3.2), "loss", clip: "stream")
        addLegend(
            [
                ("sent", "sent"), ("acknowledged", "acknowledged"), ("flight", "in flight"),
                ("again", "sent again"), ("loss", "lost"),
            ], above: Self.stream)
    }

    /// Where marks of a kind are; of several at the same spot only one.
    private func marks(_ kind: FlowRecord.Mark.Kind, _ scale: PlotScale, _ size: Double) -> [SVGPage.Point] {
        var taken: Set<[Int]> = []
        return record.marks.compactMap { mark in
            guard mark.kind == kind else { return nil }
            let point = (x: time.x(series.time(of: mark.time)), y: scale.y(Double(mark.offset) / size))
            return taken.insert([Int(point.x / 2), Int(point.y / 2)]).inserted ? point : nil
        }
    }
}
