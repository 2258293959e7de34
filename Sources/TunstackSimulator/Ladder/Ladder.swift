import TunstackCore
public import TunstackWire

/// Draws what happened between two nodes: time runs down, each side shows its time and the state of its connection,
/// arrows show segments.
///
/// In a row with an arrow the sender's side shows time and state when the segment left, the receiver's when it was
/// handled. What an application calls and what it is told are written at its rail, as is in parentheses what a timer
/// does.
public struct Ladder {
    /// How wide a ladder is, in characters.
    public static let width = 100

    private let trace: PacketTrace
    private let left: PacketTrace.Node
    private let right: PacketTrace.Node
    private let rows: [LadderRow]
    private let labels: [String]
    private let connectionNames: ConnectionNames
    private let showsMicroseconds: Bool
    private let timeWidth: Int

    /// Pauses of at least this length are shown as such.
    private static let shortestPause = Interval.seconds(1)
    /// The longest name of a state.
    private static let stateWidth = 12

    /// - Parameters:
    ///   - trace: what happened.
    ///   - left: the node on the left.
    ///   - right: the node on the right.
    ///   - numbering: whether numbers are counted from each sender's SYN, or shown as they are.
    ///   - details: what arrows show beside flags, numbers and length.
    public init(
        _ trace: PacketTrace, left: NodeID, right: NodeID, numbering: PacketDescriber.Numbering = .relative,
        details: LadderDetails = []
    ) {
        self.trace = trace
        self.left = trace.nodes[left.index]
        self.right = trace.nodes[right.index]
        let timelines = LadderTimelines(trace, left: left, right: right)
        rows = LadderLayout.rows(timelines)
        var labeller = SegmentLabels(numbering: numbering, details: details)
        labels = trace.packets.map { packet in
            packet.segment.map { labeller.label($0) } ?? "\(packet.bytes.count) bytes"
        }
        connectionNames = ConnectionNames(timelines.left.compactMap(\.key))
        let times = (timelines.left + timelines.right).map(\.time)
        let isFine = times.contains { !$0.nanoseconds.isMultiple(of: 1_000_000) }
        showsMicroseconds = isFine
        timeWidth = times.map { Self.text($0, microseconds: isFine).count }.max() ?? 5
    }

    /// The drawing, line by line, without trailing blanks.
    public var lines: [String] {
        var lines = header
        var latest = rows.first?.time ?? .origin
        for row in rows {
            if row.time - latest >= Self.shortestPause { lines.append(pause(row.time - latest)) }
            latest = max(latest, row.end)
            lines += draw(row)
        }
        return lines.map { $0.trimmingTrailingBlanks() }
    }

    private var laneWidth: Int { Self.width - 2 * (timeWidth + Self.stateWidth + 3) }

    // MARK: Lines

    private var header: [String] {
        let sideWidth = timeWidth + Self.stateWidth + 2
        let leftName = "\(left.name) \(left.address)"
        let rightName = "\(right.name) \(right.address)"
        let blank = Self.width - leftName.count - rightName.count
        return [
            leftName + String(repeating: " ", count: max(1, blank)) + rightName,
            String(repeating: " ", count: sideWidth) + "│" + String(repeating: " ", count: laneWidth) + "│",
        ]
    }

    private func line(
        left: LadderEvent? = nil, leftRail: Character = "│", lane: String, rightRail: Character = "│",
        right: LadderEvent? = nil
    ) -> String {
        let leftTime = left.map { text($0.time) } ?? ""
        let rightTime = right.map { text($0.time) } ?? ""
        return leftTime.padded(toLeftOf: timeWidth) + " " + (left?.state ?? "").padded(to: Self.stateWidth)
            + " " + String(leftRail) + lane.padded(to: laneWidth) + String(rightRail) + " "
            + (right?.state ?? "").padded(to: Self.stateWidth) + " " + rightTime.padded(toLeftOf: timeWidth)
    }

    private func pause(_ length: Interval) -> String {
        line(leftRail: "┊", lane: "· · ·  \(Self.words(length))  · · ·".centered(in: laneWidth), rightRail: "┊")
    }

    private func draw(_ row: LadderRow) -> [String] {
        switch row {
        case .arrow(let packet, let side, let departure, let arrival):
            let lane = arrow(label(packet, departure), from: side, width: laneWidth)
            return [line(side, departure, arrival, lane: lane)] + remark(arrival, at: side.opposite)
        case .broken(let packet, let side, let departure):
            let lane = brokenArrow(label(packet, departure), packet, from: side)
            return [line(side, departure, nil, lane: lane)]
        case .leaving(let packet, let tag, let side, let departure):
            let label = label(packet, departure)
            return [line(side, departure, nil, lane: halfArrow(label, tag: Self.tag(tag), leavingFrom: side))]
        case .arriving(let packet, let tag, let side, let arrival):
            let label = label(packet, arrival)
            let lane = arrivingArrow(label, tag: tag.map(Self.tag) ?? "copy", from: side)
            return [line(side, nil, arrival, lane: lane)] + remark(arrival, at: side.opposite)
        case .local(let side, let event):
            guard case .local(let text) = event.kind else { return [] }
            return [local(prefixed(text, event), side, event)]
        }
    }

    private func line(_ side: LadderSide, _ sender: LadderEvent?, _ receiver: LadderEvent?, lane: String) -> String {
        side == .left
            ? line(left: sender, lane: lane, right: receiver) : line(left: receiver, lane: lane, right: sender)
    }

    private func local(_ text: String, _ side: LadderSide, _ event: LadderEvent) -> String {
        side == .left
            ? line(left: event, leftRail: "┤", lane: " " + text)
            : line(lane: (text + " ").padded(toLeftOf: laneWidth), rightRail: "├", right: event)
    }

    /// Why a segment was not used stands below its arrow.
    private func remark(_ arrival: LadderEvent, at side: LadderSide) -> [String] {
        guard case .arrival(_, let remark?) = arrival.kind else { return [] }
        let text = "(\(remark))"
        let lane = side == .left ? " " + text : (text + " ").padded(toLeftOf: laneWidth)
        return [line(lane: lane)]
    }
}

// MARK: - Arrows

extension Ladder {
    private func label(_ packet: Int, _ event: LadderEvent) -> String {
        let damaged = trace.packets[packet].damagedBytes == nil ? "" : "damaged "
        return prefixed(damaged + labels[packet], event)
    }

    private func prefixed(_ text: String, _ event: LadderEvent) -> String {
        guard let key = event.key, !key.isListener else { return text }
        let isLeft = key.local.address.v4 == left.address
        return connectionNames.name(
            left: isLeft ? key.local.port : key.remote.port,
            right: isLeft ? key.remote.port : key.local.port) + text
    }

    private func arrow(_ label: String, from side: LadderSide, width: Int) -> String {
        let label = label.cut(to: width - 6)
        let shaft = String(repeating: "─", count: width - label.count - 5)
        return side == .left ? "── \(label) \(shaft)▶" : "◀\(shaft) \(label) ──"
    }

    private func brokenArrow(_ label: String, _ packet: Int, from side: LadderSide) -> String {
        let reason = if case .lost(let reason) = trace.packets[packet].fate { "╳ \(reason)" } else { "… on its way" }
        let shaftWidth = max(2, laneWidth * 4 / 5 - label.count - reason.count - 4)
        let shaft = String(repeating: "─", count: shaftWidth)
        return side == .left
            ? "── \(label) \(shaft)\(reason)"
            : "\(reason.mirrored)\(shaft) \(label) ──".padded(toLeftOf: laneWidth)
    }

    private func halfArrow(_ label: String, tag: String, leavingFrom side: LadderSide) -> String {
        let shaft = String(repeating: "─", count: max(2, laneWidth * 3 / 4 - label.count - tag.count - 5))
        return side == .left
            ? "── \(label) \(shaft)▸ \(tag)" : "\(tag) ◂\(shaft) \(label) ──".padded(toLeftOf: laneWidth)
    }

    private func arrivingArrow(_ label: String, tag: String, from side: LadderSide) -> String {
        let shaft = String(repeating: "─", count: max(2, laneWidth * 3 / 4 - label.count - tag.count - 4))
        return side == .left
            ? "\(tag) \(label) \(shaft)▶".padded(toLeftOf: laneWidth) : "◀\(shaft) \(label) \(tag)"
    }

    private static func tag(_ number: Int) -> String {
        guard (1...20).contains(number), let scalar = Unicode.Scalar(0x245F + UInt32(number)) else {
            return "(\(number))"
        }
        return String(Character(scalar))
    }
}

// MARK: - Times

extension Ladder {
    private func text(_ instant: Instant) -> String { Self.text(instant, microseconds: showsMicroseconds) }

    /// Seconds with three or six decimals.
    private static func text(_ instant: Instant, microseconds: Bool) -> String {
        let unit: Int64 = microseconds ? 1_000 : 1_000_000
        let count = instant.nanoseconds / unit
        let perSecond = 1_000_000_000 / unit
        let fraction = String(count % perSecond)
        let digits = microseconds ? 6 : 3
        return "\(count / perSecond)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// A pause in the unit that suits it, to a tenth.
    private static func words(_ length: Interval) -> String {
        let (tenths, unit): (Int64, String) =
            switch length.nanoseconds / 1_000_000_000 {
            case ..<120: (length.nanoseconds / 100_000_000, "s")
            case ..<7_200: (length.nanoseconds / 6_000_000_000, "min")
            default: (length.nanoseconds / 360_000_000_000, "h")
            }
        return (tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)") + " \(unit)"
    }
}

// MARK: - Text

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }

    func padded(toLeftOf width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }

    fileprivate func centered(in width: Int) -> String { padded(toLeftOf: (width + count) / 2).padded(to: width) }

    fileprivate func cut(to width: Int) -> String { count <= width ? self : prefix(Swift.max(0, width - 1)) + "…" }

    /// `╳ lost` as it stands at the other end of an arrow: `lost ╳`.
    fileprivate var mirrored: String { dropFirst(2) + " " + prefix(1) }

    fileprivate func trimmingTrailingBlanks() -> String {
        var end = endIndex
        while end > startIndex, self[index(before: end)] == " " { end = index(before: end) }
        return String(self[..<end])
    }
}
