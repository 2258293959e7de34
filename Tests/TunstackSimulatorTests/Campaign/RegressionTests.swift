import Foundation
import Testing
import TunstackSimulator

/// The plans in the folder Regressions: each once made an oracle find something.
private enum Regressions {
    static var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Regressions")
    }

    static let names: [String] = {
        do {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path())
            return files.filter { $0.hasSuffix(".plan") }.sorted()
        } catch {
            return []
        }
    }()

    /// Those that are still to be mended.
    static let known: Set<String> = []
}

@Suite("Regressions")
struct RegressionTests {
    @Test("what once failed does not fail any more", arguments: Regressions.names)
    func regression(name: String) throws {
        let text = try String(contentsOf: Regressions.folder.appending(path: name), encoding: .utf8)
        let run = SimulationRun(try SimulationPlan(parsing: text))
        let report = run.reportOfTwo()
        withKnownIssue("not mended yet") {
            #expect(
                report.violations.isEmpty, "\(FailureText(run, report).lines(replayedBy: name).joined(separator: "\n"))"
            )
        } when: {
            Regressions.known.contains(name)
        }
    }

    @Test("there are some")
    func some() {
        #expect(!Regressions.names.isEmpty)
        #expect(Regressions.known.isSubset(of: Regressions.names))
    }
}
