extension FlowDrawing {
    /// How elements look, first on a light page, then on a dark one. Colours are written out at each class, since not
    /// every viewer of SVG knows CSS variables.
    static let style = """
        text { font-family: Inter, "Helvetica Neue", "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
          font-variant-numeric: tabular-nums; font-size: 13px; }
        path { fill: none; stroke-linejoin: round; stroke-linecap: round; }
        .title { font-size: 26px; font-weight: 600; }
        .conditions, .facts { font-size: 15px; }
        .heading { font-size: 15px; font-weight: 600; }
        .unit { font-size: 12px; }
        .grid, .axis { stroke-width: 1; }
        .goodput, .flight { fill-opacity: 0.15; }
        .queue { fill-opacity: 0.25; }
        .window { stroke-width: 1.4; }
        .roundtrip { stroke-width: 2; }
        .inflight { stroke-width: 4; stroke-opacity: 0.3; }
        .threshold { stroke-width: 1.5; stroke-dasharray: 2 5; }
        .sent, .acknowledged { stroke-width: 1.5; }
        .again { stroke-width: 4.5; }
        .key { stroke-width: 7; }
        .loss { stroke-width: 1.6; }
        \(Palette.light.rules)
        @media (prefers-color-scheme: dark) {
        \(Palette.dark.rules)
        }
        """
}

/// Colours that can be told apart also by people who see few of them.
private struct Palette {
    let page: String
    let ink: String
    let soft: String
    let grid: String
    let axis: String
    let blue: String
    let teal: String
    let amber: String
    let red: String
    let violet: String

    static let light = Palette(
        page: "#fdfdfc", ink: "#1d2433", soft: "#667085", grid: "#e8eaee", axis: "#c4c9d2", blue: "#2563c9",
        teal: "#0f8f83", amber: "#d97706", red: "#d92d4b", violet: "#7c4fd0")
    static let dark = Palette(
        page: "#12151c", ink: "#eceff5", soft: "#98a2b3", grid: "#242a36", axis: "#475063", blue: "#6ea8ff",
        teal: "#3fd0bf", amber: "#f5a83d", red: "#ff6b81", violet: "#b594ff")

    var rules: String {
        """
        text { fill: \(soft); }
        .page { fill: \(page); }
        .title, .facts, .heading { fill: \(ink); }
        .rate { fill: \(teal); }
        .grid { stroke: \(grid); }
        .axis { stroke: \(axis); }
        .goodput { fill: \(teal); }
        .flight { fill: \(violet); }
        .queue { fill: \(amber); }
        .window, .roundtrip { stroke: \(blue); }
        .inflight, .sent { stroke: \(violet); }
        .acknowledged { stroke: \(teal); }
        .threshold, .again { stroke: \(amber); }
        .loss { stroke: \(red); }
        """
    }
}
