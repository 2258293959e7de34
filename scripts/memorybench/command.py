"""The subcommand `scripts/bench memory`."""

from __future__ import annotations

import argparse
import datetime
import platform
import subprocess
import sys
from pathlib import Path

from benchlab import page, programs, tables
from benchlab.command import Subcommand
from benchlab.tables import Finding, Table

COUNTS = [1_000, 10_000, 100_000, 1_000_000]
MOST_BYTES = 512
MOST_RESIDENT = 10**9


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Example: scripts/bench memory --connections 1000 100000 --congestion cubic bbr"
    parser.add_argument("--connections", nargs="+", type=int, metavar="N", default=COUNTS,
                        help="how many connections (default: a thousand to a million, by tens)")
    parser.add_argument("--congestion", nargs="+", metavar="NAME", default=["cubic"],
                        help="congestion controls (default: cubic)")
    parser.add_argument("--echoes", type=int, metavar="N", default=1_000_000, help="bytes to echo (default: a million)")
    parser.add_argument("--markdown", action="store_true", help="write the results into docs/performance.md")


def _run(_program: Path, options: argparse.Namespace) -> int:
    try:
        binary = programs.build_swift("idle-connections")
    except subprocess.CalledProcessError as error:
        print(f"idle-connections cannot be made: exit code {error.returncode}", file=sys.stderr)
        return 2
    runs = [(name, count, _measure(binary, count, options.echoes, name))
            for name in options.congestion for count in options.connections]
    table = _table(runs)
    findings = _judge(runs)
    print(tables.text(table))
    print("\n".join(str(finding) for finding in findings))
    if options.markdown:
        origin = (f"Measured on {datetime.date.today()} by `scripts/bench memory`, Linux {platform.release()}; "
                  "each row is a process of its own.")
        page.replace("memory", [origin, tables.markdown(tables.findings_table(findings)), tables.markdown(table)])
        print(f"written into {page.PAGE}")
    return 0


def _measure(binary: Path, count: int, echoes: int, congestion: str) -> dict[str, int]:
    """One run in a process of its own, for memory that was given back may stay with a process."""
    print(f"{count} connections, {congestion}", flush=True)
    output = subprocess.run([str(binary), str(count), str(echoes), congestion], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return {name: int(value) for name, _, value in (field.partition("=") for field in output.split())}


def _table(runs: list[tuple[str, int, dict[str, int]]]) -> Table:
    rows = [[f"{count:,}", name, str(run["bytes"]), str(run["after"]), f"{run['resident'] / 1e6:.0f}",
             str(run["packet"]), str(run["open"]), f"{run['longest'] / 1e6:.1f}"] for name, count, run in runs]
    return Table("Idle connections in one process", [
        "connections", "congestion control", "bytes each", "after an echo on each", "process, MB", "ns a packet",
        "ns to open one", "longest, ms"], rows)


def _judge(runs: list[tuple[str, int, dict[str, int]]]) -> list[Finding]:
    found = []
    for name, count, run in runs:
        if count < 100_000:
            continue
        each = max(run["bytes"], run["after"])
        found.append(Finding(f"an idle connection takes {MOST_BYTES} bytes at most ({name}, {count:,})",
                             each <= MOST_BYTES, f"{each} bytes"))
        if count >= 1_000_000:
            found.append(Finding(f"{count:,} connections in a process under 1 GB ({name})",
                                 run["resident"] < MOST_RESIDENT, f"{run['resident'] / 1e6:.0f} MB"))
    return found


MEMORY = Subcommand(
    "memory", "what connections cost that have nothing to do, a thousand to a million of them", _configure, _run)
