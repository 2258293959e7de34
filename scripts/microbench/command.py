"""The subcommand `scripts/bench micro`."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchlab import page, programs
from benchlab.command import Subcommand
from benchlab.results import revision
from benchlab.tables import Table, figure, markdown, text
from microbench import baseline
from microbench.callgrind import per_operation
from microbench.operations import OPERATIONS, Operation
from speedbench.catalogue import matches

PRODUCT = "microbench"


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Example: scripts/bench micro --operations 'receive*' --update"
    parser.add_argument("--operations", nargs="+", metavar="PATTERN", default=[],
                        help="only these: 'timer*', parse, ...")
    parser.add_argument("--update", action="store_true",
                        help="make these the figures that later ones are compared with")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when something has grown")
    parser.add_argument("--markdown", action="store_true", help="write the table into docs/performance.md")


def _run(program: Path, options: argparse.Namespace) -> int:
    absent = [tool for tool in ("swift", "valgrind") if not shutil.which(tool)]
    if absent:
        print(f"needs {' and '.join(absent)} (scripts/setup-host --bench)", file=sys.stderr)
        return 2
    chosen = [operation for operation in OPERATIONS if matches(operation.name, options.operations)]
    before = baseline.load()
    try:
        # The timer wheel and the connection table are the core's own affair, which testing opens.
        binary = programs.build_swift(PRODUCT, "-Xswiftc", "-enable-testing", scratch="swift-testable")
        figures = {operation.name: _measure(binary, operation) for operation in chosen}
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{error.stderr or ''}", file=sys.stderr)
        return 2
    table = _table(chosen, figures, before)
    print(text(table))
    found = baseline.warnings(figures, before)
    print("\n".join(f"WARNING  {warning}" for warning in found) or "nothing has grown by more than 5 %")
    if options.update:
        baseline.write(figures)
    if options.markdown:
        origin = f"Tunstack at {revision()}; made by `scripts/bench micro --markdown`."
        page.replace("micro", [origin, markdown(table)])
    return 1 if found and options.strict else 0


def _measure(binary: Path, operation: Operation) -> dict:
    print(f"{operation.name} ...", file=sys.stderr, flush=True)
    command = [str(binary), operation.name]
    timed = subprocess.run([*command, str(operation.timed)], check=True, capture_output=True, text=True)
    counts = per_operation(command, operation.counted)
    return {"nanoseconds": round(json.loads(timed.stdout)["nanoseconds"], 1), **counts._asdict()}


def _table(operations: list[Operation], figures: dict, before: dict) -> Table:
    rows = []
    for operation in operations:
        now = figures[operation.name]
        old = before.get(operation.name, {}).get("instructions")
        rows.append([f"{operation.name}: {operation.what}", figure(now["nanoseconds"]), figure(now["instructions"]),
                     "–" if not old else f"{now['instructions'] / old - 1:+.1%}", f"{now['allocations']:g}",
                     f"{now['retains']:g}"])
    return Table("One operation", ["", "nanoseconds", "instructions", "against the baseline", "allocations", "retains"],
                 rows)


MICRO = Subcommand("micro", "instructions, nanoseconds, allocations and retains of single operations", _configure, _run)
