import TunstackWire

/// One sequence, played on both hosts in step, until it is over or they differ.
struct PlayedSequence {
    let seed: UInt64
    /// How the hosts differ first; nil if they do not.
    private(set) var difference: Difference?
    /// Everything that happened, a line each.
    private(set) var lines: [String] = []

    struct Difference {
        /// What has happened to the connection, roughly, the step included.
        let marks: [Past.Mark]
        /// The kind of the step.
        let step: String
        let kernel: String
        let stack: String

        /// What differences of one kind have in common.
        var kind: String {
            "\(marks.map(\.rawValue).joined(separator: ", ")) / \(step): kernel \(Self.shape(kernel)); stack \(Self.shape(stack))"
        }

        /// Without the numbers.
        private static func shape(_ text: String) -> String {
            var shape = ""
            for character in text where !(character.isNumber && shape.last == "#") {
                shape.append(character.isNumber ? "#" : character)
            }
            return shape
        }
    }

    init(seed: UInt64, peer: Endpoint, at address: IPv4Address, kernel: inout KernelHost, stack: inout StackHost) throws
    {
        self.seed = seed
        var generator = Generator(seed: seed)
        let opening = generator.opening()
        // A socket that listens has its port for itself.
        let link = PeerLink(host: Endpoint(address, opening.isActive ? 9_878 : 9_877), peer: peer)
        var views = (View(link: link, opening: opening), View(link: link, opening: opening))
        try kernel.begin(link, isActive: opening.isActive)
        try stack.begin(link, isActive: opening.isActive)
        var past = Past(opening)
        try open(opening, past, &views, &kernel, &stack)
        for _ in 0..<generator.count() where difference == nil {
            let step = generator.step(views.0)
            past.note(step, views.0)
            try play(step, past.marks, &views, &kernel, &stack)
        }
        try kernel.end()
        stack.end()
    }

    private mutating func open(
        _ opening: Opening, _ past: Past, _ views: inout (View, View), _ kernel: inout KernelHost,
        _ stack: inout StackHost
    ) throws {
        _ = (views.0.take(try kernel.takeSent()), views.1.take(stack.takeSent()))
        let syn = Segment(flags: opening.isActive ? [.syn, .ack] : .syn, place: 0, acknowledged: 1)
        if opening.handshakeSegments > 0 {
            try play(Step(kind: "opening", action: .segment(syn)), past.marks, &views, &kernel, &stack)
        }
        guard opening.handshakeSegments > 1, !opening.isActive, difference == nil else { return }
        let ack = Segment(flags: .ack, place: 1, acknowledged: 1)
        try play(Step(kind: "opening", action: .segment(ack)), past.marks, &views, &kernel, &stack)
    }

    private mutating func play(
        _ step: Step, _ marks: [Past.Mark], _ views: inout (View, View), _ kernel: inout KernelHost,
        _ stack: inout StackHost
    ) throws {
        let first = try Self.play(step, &views.0, &kernel)
        let second = try Self.play(step, &views.1, &stack)
        lines.append("\(step)")
        lines.append("    kernel: \(first)")
        lines.append("    stack:  \(second)")
        if first != second {
            difference = Difference(marks: marks, step: step.kind, kernel: first, stack: second)
        }
    }

    /// Plays a step on one host, and says what came of it.
    private static func play(_ step: Step, _ view: inout View, _ host: inout some (Host & ~Copyable)) throws -> String {
        if case .segment(let segment) = step.action {
            try host.receive(view.packet(segment))
        } else {
            host.call(step.action)
        }
        let answers = view.take(try host.takeSent())
        let reading = view.news(in: host.read())
        // Whatever reading makes it say is no news.
        _ = view.take(try host.takeSent())
        var parts = answers
        if !reading.words.isEmpty { parts.append("read: \(reading.words)") }
        guard view.iss != nil else { return parts.joined(separator: ", ") }
        try host.receive(view.probe())
        parts.append("then \(view.judgeProbe(try host.takeSent()))")
        return parts.joined(separator: ", ")
    }
}
