// `Fuzz TARGET ...`: libFuzzer with what follows as its arguments. `Fuzz show TARGET FILE`: what an input makes happen.
// `scripts/fuzz` is the way to call it.

import CLibFuzzer
import Foundation
import TunstackCore
import TunstackSimulator
import TunstackWire

/// What the arguments ask for.
enum Choice {
    static let shows = CommandLine.arguments.dropFirst().first == "show"
    static let target: FuzzTarget = {
        let name = CommandLine.arguments.dropFirst(shows ? 2 : 1).first ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            fatalError("the targets are \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return target
    }()
}

func fuzz() -> CInt {
    _ = Choice.target
    // libFuzzer must not see the target's name; it would take it for a folder of inputs.
    var count = CommandLine.argc - 1
    var start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
    unsafe start?[0] = unsafe CommandLine.unsafeArgv[0]
    return unsafe LLVMFuzzerRunDriver(&count, &start) { data, size in
        let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
        let findings = Choice.target.findings(in: input)
        guard findings.isEmpty else { fatalError(findings.joined(separator: "\n")) }
        return 0
    }
}

func show(_ path: String) throws {
    let input = Array(try Data(contentsOf: URL(filePath: path)))
    let trace = Choice.target.trace(of: input)
    var describer = PacketDescriber(numbering: .absolute)
    for event in trace.events {
        let what =
            switch event.kind {
            case .sent(let number):
                "> " + trace.packets[number].bytes.withRawSpan { describer.describe($0) }
            case .received(let number, let reason): "  handled \(number)\(reason.map { ", dropped: \($0)" } ?? "")"
            case .transition(let record): "  \(record.transition.from) -> \(record.transition.to)"
            case .call(let call, _): "  \(call)"
            case .told(let event, _): "  told: \(event)"
            case .forgotEverything: "  has forgotten everything"
            }
        let name = trace.nodes.first { $0.id == event.node }?.name ?? "?"
        print(event.time.nanoseconds / 1_000, name, what)
    }
    let findings = Choice.target.findings(in: input)
    print(findings.isEmpty ? "nothing wrong" : findings.joined(separator: "\n"))
}

if Choice.shows {
    try show(CommandLine.arguments.last ?? "")
} else {
    let code = fuzz()
    if code != 0 { fatalError("libFuzzer has ended with \(code)") }
}
