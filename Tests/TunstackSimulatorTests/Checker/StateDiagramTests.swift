import Foundation
import TestSupport
import Testing
import TunstackCore
import TunstackSimulator

@Suite("The state diagram as text, DOT, SVG and table")
struct StateDiagramTests {
    @Test("every edge is named in every form", .requirement("mission B48"))
    func complete() {
        let forms = [
            StateDiagram.lines().joined(separator: " "), StateDiagram.dot, StateDiagram.svg,
            StateDiagram.table().joined(separator: "\n"),
        ]
        for form in forms {
            for cause in TransitionCause.allCases { #expect(form.contains(cause.rawValue), "\(cause)") }
            for state in State.allCases { #expect(form.contains(state.description), "\(state)") }
        }
    }

    @Test("the drawing has an event for every edge, beside an arrow or in the box of its state")
    func drawn() {
        let words = StateDiagram.svg.split(whereSeparator: { "<>".contains($0) }).joined(separator: " ")
        for cause in TransitionCause.allCases {
            let edges = StateEdge.all.filter { $0.transition.cause == cause }.count
            let named = words.components(separatedBy: cause.rawValue).count - 1
            #expect(named >= edges, "\(cause.rawValue)")
        }
    }

    @Test("no edge is there twice, and each has a rule")
    func rules() {
        #expect(Set(StateTransition.all).count == StateEdge.all.count)
        #expect(StateEdge.all.allSatisfy { !$0.rule.isEmpty })
    }

    @Test("the edges that are said to be in Figure 5 are those that it has, but for SEND in LISTEN")
    func figure() {
        // RFC 9293 §3.3.2, Figure 5, from its top to its bottom.
        let drawn: [[State]] = [
            [.closed, .listen], [.listen, .closed], [.closed, .synSent], [.synSent, .closed], [.listen, .synReceived],
            [.synReceived, .listen], [.listen, .synSent], [.synSent, .synReceived], [.synReceived, .established],
            [.synSent, .established], [.synReceived, .finWait1], [.established, .finWait1], [.established, .closeWait],
            [.finWait1, .finWait2], [.finWait1, .closing], [.closeWait, .lastAck], [.finWait2, .timeWait],
            [.closing, .timeWait], [.lastAck, .closed], [.timeWait, .closed],
        ]
        let ours = StateEdge.all.filter { $0.place == .figure }.map { [$0.transition.from, $0.transition.to] }
        #expect(Set(ours).union([[.listen, .synSent]]) == Set(drawn))
        #expect(ours.count + 1 == drawn.count)
        // Its notes name what they add; nothing else is called a note.
        let notes = StateEdge.all.filter { $0.place == .note }.map(\.transition.cause)
        #expect(Set(notes) == [.finAndAckOfFinArrived, .resetArrived])
    }

    @Test("docs/states.md and its drawing are those of the table: tunstack states --table, --svg")
    func documented() throws {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs").standardized
        let page = try String(contentsOf: docs.appending(path: "states.md"), encoding: .utf8)
        let isUpToDate = (StateDiagram.table() + StateDiagram.differences + StateDiagram.lines()).allSatisfy {
            page.contains($0)
        }
        #expect(isUpToDate)
        #expect(try String(contentsOf: docs.appending(path: "states.svg"), encoding: .utf8) == StateDiagram.svg)
    }
}
