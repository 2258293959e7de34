/// A page of SVG, written element by element. Styles are classes, so that the page follows the reader's colour scheme.
struct SVGPage {
    private let width: Int
    private let height: Int
    private let title: String
    private let style: String
    private var elements: [String] = []

    init(width: Int, height: Int, title: String, style: String) {
        self.width = width
        self.height = height
        self.title = title
        self.style = style
    }

    /// The whole file.
    var text: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
        role="img">
        <title>\(Self.escape(title))</title>
        <style>
        \(style)
        </style>
        <rect class="page" width="\(width)" height="\(height)"/>
        \(elements.joined(separator: "\n"))
        </svg>

        """
    }

    enum Anchor: String {
        case start, middle, end
    }

    mutating func add(text: String, _ style: String, x: Double, y: Double, anchor: Anchor = .start) {
        elements.append(
            "<text class=\"\(style)\" x=\"\(Self.place(x))\" y=\"\(Self.place(y))\" text-anchor=\"\(anchor)\">"
                + "\(Self.escape(text))</text>")
    }

    mutating func add(path: String, _ style: String, clip: String? = nil) {
        guard !path.isEmpty else { return }
        let clip = clip.map { " clip-path=\"url(#\($0))\"" } ?? ""
        elements.append("<path class=\"\(style)\"\(clip) d=\"\(path)\"/>")
    }

    /// Names a rectangle to which paths can be clipped.
    mutating func add(clip name: String, x: ClosedRange<Double>, y: ClosedRange<Double>) {
        let (width, height) = (x.upperBound - x.lowerBound, y.upperBound - y.lowerBound)
        elements.append(
            "<clipPath id=\"\(name)\"><rect x=\"\(Self.place(x.lowerBound))\" y=\"\(Self.place(y.lowerBound))\" "
                + "width=\"\(Self.place(width))\" height=\"\(Self.place(height))\"/></clipPath>")
    }

    // MARK: Paths

    typealias Point = (x: Double, y: Double)

    static func line(_ points: [Point]) -> String {
        guard points.count > 1 else { return "" }
        return points.enumerated().map { index, point in (index == 0 ? "M" : "L") + pair(point) }.joined()
    }

    /// What is between two lines.
    static func area(_ upper: [Point], _ lower: [Point]) -> String {
        guard upper.count > 1, !lower.isEmpty else { return "" }
        return line(upper + lower.reversed()) + "Z"
    }

    /// A dot at each point, drawn by a round line cap.
    static func dots(_ points: [Point]) -> String { points.map { "M\(pair($0))h0" }.joined() }

    /// A cross at each point.
    static func crosses(_ points: [Point], radius: Double) -> String {
        let (across, back) = (place(2 * radius), place(-2 * radius))
        return points.map { point in
            "M\(pair((point.x - radius, point.y - radius)))l\(across) \(across)m0 \(back)l\(back) \(across)"
        }.joined()
    }

    static func pair(_ point: Point) -> String { "\(place(point.x)) \(place(point.y))" }

    /// Coordinates to a tenth of a pixel.
    static func place(_ value: Double) -> String { value.text(places: 1) }

    private static func escape(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }
}
