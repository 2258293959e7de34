// `Differential COUNT [FIRST-SEED]`: plays sequences of segments and calls on the kernel's TCP and on the stack, in step,
// and counts how they differ. `scripts/differential` runs it in a network namespace of its own.

import Glibc

func run(count: Int, first: UInt64) throws -> Bool {
    var arena = Arena(try KernelHost())
    try arena.configure()
    var findings = Findings()
    for seed in first..<first + UInt64(count) { findings.note(try arena.play(seed)) }
    findings.report(count: count)
    return findings.isClean
}

let arguments = CommandLine.arguments.dropFirst().map(UInt64.init)
guard let number = arguments.first, let number, let count = Int(exactly: number),
    let first = arguments.dropFirst().first ?? 1
else {
    print("Differential COUNT [FIRST-SEED]")
    exit(2)
}
exit(try run(count: count, first: first) ? EXIT_SUCCESS : EXIT_FAILURE)
