/// A page that shows what a sender did: how fast it was and what it thought the path could hold, how long packets took,
/// and where in the stream it was.
///
/// The page is SVG without scripts or fonts of its own, and follows the reader's choice of light or dark. The same
/// record gives the same bytes.
public struct FlowPlot {
    private let record: FlowRecord
    private let title: String
    private let conditions: String

    /// - Parameters:
    ///   - record: what to show.
    ///   - title: what it is, in a few words.
    ///   - conditions: what the path was like, in one line; empty for nothing.
    public init(_ record: FlowRecord, title: String, conditions: String = "") {
        self.record = record
        self.title = title
        self.conditions = conditions
    }

    /// The page as a file.
    public var svg: String {
        var drawing = FlowDrawing(record, title: title)
        drawing.addHead(title, conditions)
        drawing.addRates()
        drawing.addDelays()
        drawing.addStream()
        drawing.addTimes()
        return drawing.page.text
    }
}

/// The page while it is drawn.
struct FlowDrawing {
    var page: SVGPage
    let record: FlowRecord
    let series: FlowSeries
    let time: PlotScale

    static let width = 1_200
    static let height = 1_084
    /// From the axis at the left to the axis at the right.
    static let across = 92.0...1_116.0
    static let rates = 192.0...432.0
    static let delays = 518.0...658.0
    static let stream = 744.0...1_014.0

    init(_ record: FlowRecord, title: String) {
        self.record = record
        series = FlowSeries(record, columns: 512)
        time = PlotScale(upTo: series.duration, ticks: 10, at: Self.across)
        page = SVGPage(width: Self.width, height: Self.height, title: title, style: Self.style)
    }

    // MARK: Head and foot

    mutating func addHead(_ title: String, _ conditions: String) {
        let left = Self.across.lowerBound
        page.add(text: title, "title", x: left, y: 54)
        page.add(text: conditions, "conditions", x: left, y: 82)
        let facts = [
            (Double(record.goodput) / 1e6).text(places: 2) + " Mbit/s acknowledged",
            "\(record.segments) segments", "\(record.losses) lost", "\(record.retransmissions) sent again",
            series.duration.text(places: 2) + " s",
        ]
        page.add(text: facts.joined(separator: "  ·  "), "facts", x: left, y: 108)
    }

    mutating func addTimes() {
        let bottom = Self.stream.upperBound
        for tick in time.ticks {
            let x = time.x(tick)
            page.add(text: tick.text(places: 6), "tick", x: x, y: bottom + 24, anchor: .middle)
        }
        page.add(
            text: "seconds", "unit", x: Self.across.upperBound, y: bottom + 46, anchor: .end)
    }

    // MARK: Panels

    /// The frame of a panel: its heading, its grid and its numbers at the left.
    mutating func addPanel(_ heading: String, _ name: String, unit: String, _ scale: PlotScale) {
        let (left, right) = (Self.across.lowerBound, Self.across.upperBound)
        page.add(clip: name, x: Self.across, y: scale.places.lowerBound - 3...scale.places.upperBound + 3)
        var grid = ""
        for tick in time.ticks {
            grid += SVGPage.line([(time.x(tick), scale.places.lowerBound), (time.x(tick), scale.places.upperBound)])
        }
        for tick in scale.ticks.dropFirst() { grid += SVGPage.line([(left, scale.y(tick)), (right, scale.y(tick))]) }
        page.add(path: grid, "grid")
        for tick in scale.ticks {
            page.add(text: tick.text(places: 6), "tick", x: left - 12, y: scale.y(tick) + 4.5, anchor: .end)
        }
        page.add(text: heading, "heading", x: left, y: scale.places.lowerBound - 30)
        page.add(text: unit, "unit", x: left - 12, y: scale.places.lowerBound - 14, anchor: .end)
        page.add(
            path: SVGPage.line([(left, scale.places.upperBound), (right, scale.places.upperBound)]), "axis")
    }

    /// What the colours mean: keys with words above a panel, up to its right edge.
    mutating func addLegend(_ entries: [(style: String, text: String)], above panel: ClosedRange<Double>) {
        // There is nothing here that could measure text; letters of this size are about so wide.
        let widths = entries.map { 28 + Double($0.text.count) * 7.2 }
        var x = Self.across.upperBound - widths.reduce(0, +) - Double(entries.count - 1) * 20
        let y = panel.lowerBound - 30
        for (entry, width) in zip(entries, widths) {
            addKey(entry.style, x: x, y: y - 4.5)
            page.add(text: entry.text, "legend", x: x + 27, y: y)
            x += width + 20
        }
    }

    /// A sample of a style, 20 wide.
    private mutating func addKey(_ style: String, x: Double, y: Double) {
        switch style {
        case "loss": page.add(path: SVGPage.crosses([(x + 14, y)], radius: 3.5), style)
        case "again": page.add(path: SVGPage.dots([(x + 14, y)]), style + " key")
        case "goodput", "queue", "flight": page.add(path: "M\(SVGPage.pair((x, y - 5.5)))h20v11h-20Z", style)
        default: page.add(path: SVGPage.line([(x, y), (x + 20, y)]), style)
        }
    }

    func points(_ line: [FlowSeries.Point], _ scale: PlotScale) -> [SVGPage.Point] {
        line.map { (time.x($0.time), scale.y(min($0.value, scale.range.upperBound * 1.5))) }
    }

    /// A line that stays where it is until the next value.
    func steps(_ line: [FlowSeries.Point], _ scale: PlotScale) -> [SVGPage.Point] {
        var steps: [SVGPage.Point] = []
        for point in points(line, scale) {
            if let last = steps.last { steps.append((point.x, last.y)) }
            steps.append(point)
        }
        return steps
    }
}
