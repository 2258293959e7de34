"""Runs scenarios, each in namespaces of its own, and reports."""

from __future__ import annotations

import argparse
import fnmatch
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from kernelpeer.host import Host
from kernelpeer.isolation import Isolation, run_to_end
from kernelpeer.scenario import SCENARIOS, Failure, Scenario, Skip

# How a scenario's process ends; 77 is the usual "skipped".
PASSED, FAILED, SKIPPED = 0, 1, 77


def main(program: Path, arguments: list[str]) -> int:
    """The command `program`: runs the scenarios that `arguments` select, and returns the exit code."""
    options = _parse(arguments)
    if options.list:
        for scenario in SCENARIOS.values():
            print(f"{scenario.name:28}{scenario.summary}")
        return 0
    if options.inside:
        return _run_inside(SCENARIOS[options.inside], options)
    if not os.access(options.binary, os.X_OK):
        print(f"there is no {options.binary}; `make build` makes it", file=sys.stderr)
        return 2
    selected = _select(options.names)
    if not selected:
        print(f"no scenario is called {' or '.join(options.names)}; --list shows them", file=sys.stderr)
        return 2
    try:
        return _run_all(selected, program, options.binary)
    except KeyboardInterrupt:
        return 130


def _parse(arguments: list[str]) -> argparse.Namespace:
    repository = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(
        description="Runs tunstack against the kernel's TCP, in network namespaces that are removed afterwards.",
        epilog="Example: scripts/integration nc-echo 'loss*'")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a scenario, or a pattern like 'loss*' (default: all)")
    parser.add_argument("--list", action="store_true", help="list the scenarios and do nothing")
    parser.add_argument(
        "--binary", default=os.environ.get("TUNSTACK", str(repository / ".build/release/tunstack")),
        help="the tunstack to test (default: $TUNSTACK, or the release build)")
    # How the runner calls itself inside the namespaces of one scenario.
    for name in ("--inside", "--directory"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--unprivileged", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.binary = str(Path(options.binary).resolve())
    return options


def _select(names: list[str]) -> list[Scenario]:
    if not names:
        return list(SCENARIOS.values())
    return [s for s in SCENARIOS.values() if any(fnmatch.fnmatchcase(s.name, name) for name in names)]


# Outside the namespaces


def _run_all(selected: list[Scenario], program: Path, binary: str) -> int:
    isolation = Isolation()
    counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}
    for scenario in selected:
        started = time.monotonic()
        if scenario.isolated and isolation.obstacle:
            code, report = SKIPPED, isolation.obstacle
        else:
            code, report = _run_one(scenario, program, binary, isolation)
        seconds = time.monotonic() - started
        counts[code] += 1
        if code == PASSED:
            print(f"ok       {scenario.name} ({seconds:.1f} s) {report}".rstrip(), flush=True)
        else:
            word = "FAILED  " if code == FAILED else "skipped "
            print(f"{word} {scenario.name}: {report}", flush=True)
    print(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped")
    return 1 if counts[FAILED] else 0


def _run_one(scenario: Scenario, program: Path, binary: str, isolation: Isolation) -> tuple[int, str]:
    with tempfile.TemporaryDirectory(prefix="tunstack-") as directory:
        os.chmod(directory, 0o755)
        command = [sys.executable, "-B", str(program), "--inside", scenario.name, "--directory", directory,
                   "--binary", binary]
        if isolation.unprivileged:
            command.append("--unprivileged")
        if scenario.isolated:
            command = isolation.prefix + command
        code, report = run_to_end(command, scenario.timeout + 10)
    if code is None:
        return FAILED, f"did not end even 10 s after its limit of {scenario.timeout} s\n{report}"
    if code in (PASSED, FAILED, SKIPPED):
        return code, report.strip()
    return FAILED, f"the scenario's process ended with {code}\n{report}"


# Inside the namespaces


def _run_inside(scenario: Scenario, options: argparse.Namespace) -> int:
    def on_alarm(*_: object) -> None:
        raise Failure(f"not done within {scenario.timeout} s")

    host = Host(options.binary, options.directory, options.unprivileged)
    signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(scenario.timeout)
    try:
        if scenario.isolated:
            host.require("ip", "link", "set", "lo", "up")
        scenario.body(host)
        return PASSED
    except Skip as reason:
        print(reason)
        return SKIPPED
    except Failure as failure:
        print(f"{failure}\n{host.describe()}")
        return FAILED
    except Exception as error:  # a client's socket failed, or the scenario itself is wrong: say where
        print(f"{type(error).__name__}: {error}\n{traceback.format_exc()}{host.describe()}")
        return FAILED
    finally:
        signal.alarm(0)
        host.end()
