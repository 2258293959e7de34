"""The copy of the repository that holds all mutants, and how its tests are run with one of them."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import NamedTuple

from mutation.candidates import MODULES, Candidate, numbered

# What tests the two modules; of the device's tests only those of the core's part in it are in the copy.
OWN_TESTS = "TunstackWireTests|TunstackCoreTests|TunstackLinuxTests"
SIMULATIONS = "TunstackSimulatorTests"
# It compares with a document, and the copy has none.
UNFIT = "StateDiagramTests"
# A few tests take most of the time; a mutant meets those that take longer than this, in seconds, only after the others.
QUICK = 0.25
VARIABLE = "TUNSTACK_MUTANT"
# A run that is idle for most of its time ends after so many times as long as it may compute.
STANDSTILL = 20
# A mutant may not take the machine's memory along.
MEMORY = 8 << 30

# Warnings are none of the copy's business; the modules are optimized, or the tests take ten times as long.
PACKAGE = """\
// swift-tools-version: 6.2

import PackageDescription

let plain: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
let fast = plain + [.unsafeFlags(["-O", "-whole-module-optimization", "-num-threads", "2"])]

let package = Package(
    name: "mutants",
    targets: [
        .target(name: "TunstackWire", swiftSettings: fast),
        .target(name: "TunstackCore", dependencies: ["TunstackWire"], swiftSettings: fast),
        .target(name: "TunstackSimulator", dependencies: ["TunstackCore", "TunstackWire"], swiftSettings: fast),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: fast),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(name: "TunstackWireTests", dependencies: ["TunstackWire", "TestSupport"], swiftSettings: plain),
        .testTarget(
            name: "TunstackCoreTests",
            dependencies: ["TunstackCore", "TunstackWire", "TestSupport", "AllocationCounter"],
            swiftSettings: plain),
        .testTarget(
            name: "TunstackLinuxTests", dependencies: ["TunstackCore", "TunstackWire", "TestSupport"],
            swiftSettings: plain),
        .testTarget(
            name: "TunstackSimulatorTests",
            dependencies: ["TunstackSimulator", "TunstackCore", "TunstackWire", "TestSupport"],
            exclude: ["Regressions", "Fuzzing/parser", "Fuzzing/stack", "Fuzzing/network"], swiftSettings: plain),
    ]
)
"""
# With it SwiftPM looks for no XCTest, which would take an index that an optimized module does not write.
ENTRY_POINT = """\
import Testing

@main struct Runner {
    static func main() async {
        await Testing.__swiftPMEntryPoint() as Never
    }
}
"""
TARGETS = ("Sources/TunstackWire", "Sources/TunstackCore", "Sources/TunstackSimulator", "Tests/TestSupport",
           "Tests/AllocationCounter", "Tests/TunstackWireTests", "Tests/TunstackCoreTests",
           "Tests/TunstackSimulatorTests", "Tests/TunstackLinuxTests/Offload/SegmentCutterTests.swift",
           "Tests/TunstackLinuxTests/Support/SuperSegment.swift")

# Which mutant runs is read once; each module has its own, so that nothing becomes public.
SWITCH = f"""\
import Glibc

@usableFromInline let activeMutant = getenv("{VARIABLE}").map {{ Int(atol($0)) }} ?? 0

@inlinable func isMutant(_ number: Int) -> Bool {{ activeMutant == number }}

@inlinable func choice<T>(_ number: Int, _ original: T, _ changed: T) -> T {{ isMutant(number) ? changed : original }}

"""
IMPORTS = {"TunstackCore": "public import TunstackWire\n\n"}


class Outcome(NamedTuple):
    """How a run of the tests ended: why it failed, None if it passed, and after how many seconds of a processor."""
    failure: str | None
    seconds: float


class Workshop:
    def __init__(self, repository: Path, folder: Path) -> None:
        self.repository = repository
        self.folder = folder

    def build(self, mutants: dict[int, Candidate]) -> dict[int, Candidate]:
        """Builds the copy with all of `mutants` that compile, and returns these; the others' lines stay as they are."""
        kept = dict(mutants)
        while True:
            self._write(kept)
            # The two modules first: what does not compile shows there, before anything that depends on it is built.
            trouble = self._swift("build", "--target", MODULES[-1])
            if not trouble:
                break
            guilty = _guilty(trouble, kept)
            if not guilty:
                raise SystemExit(f"the copy does not build:\n{trouble}")
            for number in guilty:
                print(f"{number}. does not compile: {kept.pop(number)}", flush=True)
        if trouble := self._swift("build", "--build-tests"):
            raise SystemExit(f"the copy's tests do not build:\n{trouble}")
        return kept

    def slow_tests(self, limit: float) -> str:
        """Runs the modules' own tests one after the other, without a mutant, and returns a pattern for slow ones."""
        events = self.folder / "events.jsonl"
        outcome = self.test(
            0, ["--filter", OWN_TESTS, "--no-parallel", "--event-stream-output-path", str(events)], limit)
        if outcome.failure:
            raise SystemExit(f"without a mutant: {outcome.failure}")
        started: dict[str, float] = {}
        slow = []
        for line in events.read_text().splitlines():
            event = json.loads(line)["payload"]
            # A test's name ends with a parenthesis, a suite's does not; then comes the place in the source.
            name = event.get("testID", "").rpartition("/")[0]
            if name.endswith(")") and event["kind"] == "testStarted":
                started[name] = event["instant"]["absolute"]
            if name.endswith(")") and event["kind"] == "testEnded":
                if event["instant"]["absolute"] - started[name] > QUICK:
                    slow.append(re.escape(name))
        return "|".join(slow) or "none"

    def test(self, mutant: int, selection: list[str], limit: float) -> Outcome:
        """Runs the tests with one mutant, 0 for none, until one fails. They may take `limit` seconds of a processor."""
        run = subprocess.Popen(
            ["prlimit", f"--as={MEMORY}", f"--cpu={math.ceil(limit)}:{math.ceil(limit) + 5}",
             self.folder / ".build/debug/mutantsPackageTests.xctest", "--testing-library", "swift-testing", *selection],
            cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, VARIABLE: str(mutant), "SWIFT_BACKTRACE": "enable=no", "NO_COLOR": "1"})
        standstill = threading.Event()

        def end() -> None:
            standstill.set()
            os.killpg(run.pid, signal.SIGKILL)

        timer = threading.Timer(STANDSTILL * limit, end)
        timer.start()
        try:
            failed = next((line for line in run.stdout if line.startswith("✘")), None)
        finally:
            timer.cancel()
            if failed:
                os.killpg(run.pid, signal.SIGKILL)
            run.stdout.close()
            _, status, usage = os.wait4(run.pid, 0)
            code = run.returncode = os.waitstatus_to_exitcode(status)
        seconds = usage.ru_utime + usage.ru_stime
        if failed:
            return Outcome(failed.lstrip("✘ ").strip()[:150], seconds)
        if standstill.is_set() or code == -signal.SIGXCPU:
            return Outcome("takes too long", seconds)
        if code != 0:
            return Outcome(signal.Signals(-code).name if code < 0 else f"exit code {code}", seconds)
        return Outcome(None, seconds)

    def _write(self, mutants: dict[int, Candidate]) -> None:
        """Brings the copy up to date; what has not changed keeps its date and is not compiled again."""
        contents = {"Package.swift": PACKAGE.encode(), "Tests/XCTMain.swift": ENTRY_POINT.encode()}
        for target in TARGETS:
            start = self.repository / target
            for path in [start] if start.is_file() else sorted(start.rglob("*")):
                if path.is_file():
                    contents[str(path.relative_to(self.repository))] = path.read_bytes()
        for module in MODULES:
            declarations = SWITCH + IMPORTS.get(module, "")
            for number, mutant in mutants.items():
                if mutant.module == module:
                    lines = contents[mutant.file].decode().splitlines(keepends=True)
                    lines[mutant.line - 1] = numbered(mutant.choice, number)
                    contents[mutant.file] = "".join(lines).encode()
                    declarations += numbered(mutant.declarations, number)
            contents[f"Sources/{module}/Mutants.swift"] = declarations.encode()
        for folder in ("Sources", "Tests"):
            for path in (self.folder / folder).rglob("*"):
                if path.is_file() and str(path.relative_to(self.folder)) not in contents:
                    path.unlink()
        for name, content in contents.items():
            path = self.folder / name
            if not path.exists() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def _swift(self, *command: str) -> str:
        """What the compiler says if it fails."""
        result = subprocess.run(
            ["swift", *command, "--disable-index-store"], cwd=self.folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        return result.stdout if result.returncode != 0 else ""


def _guilty(trouble: str, mutants: dict[int, Candidate]) -> set[int]:
    """The mutants on the lines of the compiler's errors, or else the nearest ones above, or below."""
    guilty: set[int] = set()
    for file, line in set(re.findall(r"/(Sources/[^:\s]+):(\d+):\d+: error:", trouble)):
        distances = {
            number: int(line) - mutant.line for number, mutant in mutants.items() if mutant.file == file}
        above = [distance for distance in distances.values() if distance >= 0]
        nearest = min(above) if above else max(distances.values(), default=0)
        guilty |= {number for number, distance in distances.items() if distance == nearest}
    return guilty
