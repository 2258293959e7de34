import TunstackCore

extension StateDiagram {
    /// The diagram as a drawing. The edges of RFC 9293's figure are arrows with the event beside them; those that it leaves out stand in the
    /// box of the state that they leave. One of them is an arrow too, a dashed one: the usual way from FIN-WAIT-1 to TIME-WAIT.
    public static var svg: String {
        var page = SVGPage(width: 1_120, height: 1_010, title: "The states of a TCP connection", style: style)
        for arrow in Arrow.all { draw(arrow, on: &page) }
        for place in Place.all { draw(place, on: &page) }
        return page.text
    }

    /// Edges that are told in the box of the state that they leave.
    private static func asides(of state: State) -> [String] {
        let shown = Set(Arrow.all.flatMap { $0.edges.map(\.transition) })
        let groups = grouped.filter { $0.from == state }
        return groups.flatMap { group in
            wrap(group.edges.filter { !shown.contains($0.transition) }, leadingTo: group.to)
        }
    }

    private static func wrap(_ edges: [StateEdge], leadingTo target: State) -> [String] {
        guard !edges.isEmpty else { return [] }
        var lines = ["to \(target):"]
        for (index, edge) in edges.enumerated() {
            let word = edge.transition.cause.rawValue + (index == edges.count - 1 ? "" : ",")
            if let last = lines.last, last.count + 1 + word.count <= 34 {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(word)
            }
        }
        return lines
    }

    private static func draw(_ place: Place, on page: inout SVGPage) {
        let asides = place.isRepeated ? [] : asides(of: place.state)
        let height = 30 + Double(asides.count) * 14 + (asides.isEmpty ? 0 : 6)
        let (left, right) = (place.x - Place.halfWidth, place.x + Place.halfWidth)
        let (top, bottom) = (place.y, place.y + height)
        page.add(path: SVGPage.line([(left, top), (right, top), (right, bottom), (left, bottom)]) + "Z", "box")
        page.add(text: place.state.description, "state", x: place.x, y: top + 20, anchor: .middle)
        for (index, line) in asides.enumerated() {
            page.add(text: line, "aside", x: left + 8, y: top + 38 + Double(index) * 14)
        }
    }

    private static func draw(_ arrow: Arrow, on page: inout SVGPage) {
        let edges = arrow.edges
        let isDrawn = edges.contains { $0.place == .figure }
        page.add(path: SVGPage.line(arrow.points), isDrawn ? "arrow" : "arrow dashed")
        page.add(path: arrow.head, "head")
        for (index, edge) in edges.enumerated() {
            page.add(
                text: edge.transition.cause.rawValue, "event", x: arrow.label.x, y: arrow.label.y + Double(index) * 14,
                anchor: arrow.anchor)
        }
    }

    private static let style = """
        .page { fill: #fff; } text { font: 12px sans-serif; fill: #222; } .state { font: bold 14px monospace; }
        .aside { font-size: 11px; fill: #555; } .event { font-size: 12px; fill: #06c; }
        .box { fill: #f4f6f8; stroke: #456; stroke-width: 1.2; } .arrow { fill: none; stroke: #456; stroke-width: 1.4; }
        .dashed { stroke-dasharray: 5 4; } .head { fill: #456; }
        @media (prefers-color-scheme: dark) {
        .page { fill: #16191d; } text { fill: #ddd; } .aside { fill: #9aa; } .event { fill: #6bf; }
        .box { fill: #22272e; stroke: #89a; } .arrow { stroke: #89a; } .head { fill: #89a; }
        }
        """
}

/// Where a state's box is: the middle of its upper edge.
private struct Place {
    static let halfWidth = 112.0

    let state: State
    let x: Double
    let y: Double
    /// The state is there once more, so that arrows need not cross the drawing.
    var isRepeated = false

    static let all = [
        Place(state: .closed, x: 560, y: 20), Place(state: .listen, x: 200, y: 110),
        Place(state: .synSent, x: 920, y: 110), Place(state: .synReceived, x: 200, y: 250),
        Place(state: .established, x: 560, y: 310), Place(state: .finWait1, x: 200, y: 500),
        Place(state: .closeWait, x: 920, y: 500), Place(state: .finWait2, x: 200, y: 720),
        Place(state: .closing, x: 560, y: 610), Place(state: .lastAck, x: 920, y: 700),
        Place(state: .timeWait, x: 560, y: 860), Place(state: .closed, x: 920, y: 940, isRepeated: true),
    ]
}

/// An arrow between two boxes, and where its events stand. It begins somewhere below the first box, which is drawn over it.
private struct Arrow {
    let from: State
    let to: State
    let points: [SVGPage.Point]
    let label: SVGPage.Point
    var anchor = SVGPage.Anchor.start

    /// The edges that it stands for: those of RFC 9293's figure, or what there is if the figure has none.
    var edges: [StateEdge] {
        let every = StateEdge.all.filter { $0.transition.from == from && $0.transition.to == to }
        let figure = every.filter { $0.place == .figure }
        return figure.isEmpty ? every : figure
    }

    /// A triangle at the last point.
    var head: String {
        guard points.count > 1 else { return "" }
        let (tip, before) = (points[points.count - 1], points[points.count - 2])
        let (dx, dy) = (tip.x - before.x, tip.y - before.y)
        let length = (dx * dx + dy * dy).squareRoot()
        let (ux, uy) = (dx / length, dy / length)
        let base = (x: tip.x - 10 * ux, y: tip.y - 10 * uy)
        return SVGPage.line([tip, (base.x - 4 * uy, base.y + 4 * ux), (base.x + 4 * uy, base.y - 4 * ux)]) + "Z"
    }

    static let all = opening + closing

    private static let opening = [
        Arrow(
            from: .closed, to: .listen, points: [(460, 30), (160, 30), (160, 110)], label: (170, 60)),
        Arrow(
            from: .listen, to: .closed, points: [(260, 120), (260, 45), (448, 45)], label: (270, 85)),
        Arrow(
            from: .closed, to: .synSent, points: [(660, 30), (960, 30), (960, 110)], label: (950, 60), anchor: .end),
        Arrow(
            from: .synSent, to: .closed, points: [(860, 120), (860, 45), (672, 45)], label: (850, 85), anchor: .end),
        Arrow(
            from: .listen, to: .synReceived, points: [(200, 130), (200, 250)], label: (210, 200)),
        Arrow(
            from: .synReceived, to: .listen, points: [(120, 260), (120, 140)], label: (110, 200), anchor: .end),
        Arrow(
            from: .synSent, to: .synReceived, points: [(820, 130), (400, 130), (400, 270), (312, 270)],
            label: (410, 122)),
        Arrow(
            from: .synReceived, to: .established, points: [(300, 330), (448, 330)], label: (322, 322)),
        Arrow(
            from: .synSent, to: .established, points: [(820, 170), (600, 170), (600, 310)], label: (610, 240)),
    ]

    private static let closing = [
        Arrow(
            from: .synReceived, to: .finWait1, points: [(160, 350), (160, 500)], label: (170, 440)),
        Arrow(
            from: .established, to: .finWait1, points: [(500, 390), (500, 520), (312, 520)], label: (420, 512)),
        Arrow(
            from: .established, to: .closeWait, points: [(660, 350), (920, 350), (920, 500)], label: (910, 430),
            anchor: .end),
        Arrow(
            from: .finWait1, to: .finWait2, points: [(180, 590), (180, 720)], label: (190, 670)),
        Arrow(
            from: .finWait1, to: .closing, points: [(300, 560), (540, 560), (540, 610)], label: (330, 552)),
        Arrow(
            from: .finWait1, to: .timeWait, points: [(300, 590), (380, 590), (380, 875), (448, 875)], label: (390, 725)),
        Arrow(
            from: .finWait2, to: .timeWait, points: [(200, 790), (200, 905), (448, 905)], label: (210, 870)),
        Arrow(
            from: .closing, to: .timeWait, points: [(580, 690), (580, 860)], label: (590, 800)),
        Arrow(
            from: .closeWait, to: .lastAck, points: [(920, 570), (920, 700)], label: (930, 655)),
        Arrow(
            from: .lastAck, to: .closed, points: [(920, 770), (920, 940)], label: (930, 880)),
        Arrow(
            from: .timeWait, to: .closed, points: [(560, 900), (560, 955), (808, 955)], label: (600, 946)),
    ]
}
