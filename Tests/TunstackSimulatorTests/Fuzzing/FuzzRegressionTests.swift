import Foundation
import Testing
import TunstackSimulator

/// The inputs beside this file, a folder for each target: those that a fuzzer found something with, and some that reach
/// far.
private enum Inputs {
    struct Input: Sendable, CustomTestStringConvertible {
        let target: FuzzTarget
        let file: URL
        var testDescription: String { "\(target.rawValue)/\(file.lastPathComponent)" }
    }

    static let all: [Input] = FuzzTarget.allCases.flatMap { target in
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: target.rawValue)
        do {
            let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            return files.sorted { $0.path() < $1.path() }.map { Input(target: target, file: $0) }
        } catch {
            return []
        }
    }
}

@Suite("Inputs of the fuzzers")
struct FuzzRegressionTests {
    @Test("nothing is wrong any more with an input that is kept", arguments: Inputs.all)
    fileprivate func kept(_ input: Inputs.Input) throws {
        let bytes = Array(try Data(contentsOf: input.file))
        #expect(input.target.findings(in: bytes) == [])
    }

    @Test("every target has inputs", arguments: FuzzTarget.allCases)
    func some(target: FuzzTarget) {
        #expect(Inputs.all.contains { $0.target == target })
    }

    @Test("an input makes the same happen every time", arguments: [FuzzTarget.stack, .network])
    func determinism(target: FuzzTarget) {
        let input = (0..<120).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 2) }
        let traces = (0..<2).map { _ in target.trace(of: input).packets.map(\.bytes) }
        #expect(traces[0] == traces[1])
        #expect(!traces[0].isEmpty)
    }
}
