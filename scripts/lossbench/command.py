"""The command line of scripts/bench."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from lossbench import check, inside, markdown, programs, summary, verdict
from lossbench.cells import MATRIX, QUICK, Cell, select
from lossbench.execute import Executor
from lossbench.plan import obstacles, plan
from lossbench.results import Results, Unusable, circumstances

PAGE = programs.ROOT / "docs/performance.md"


def main(program: Path, arguments: list[str]) -> int:
    """The command `program`; returns its exit code."""
    if arguments[:1] == ["inside"]:
        return inside.main(arguments[1])
    options = _parse(arguments)
    if options.subcommand == "path":
        return check.run_all(program, {programs.build(name).parent for name in ("path", "kernel")}.pop())
    # Ends as Ctrl-C does, with everything cleared away; and so does Ctrl-C for a job in the background of a script.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        return loss(program, options)
    except Unusable as reason:
        print(reason, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here" if options.output else "")
        return 130


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures tunstack beside other TCP stacks.")
    subcommands = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    subcommands.add_parser("path", help="check the emulator of paths itself, with the kernel at both ends")
    lossy = subcommands.add_parser(
        "loss", help="goodput over paths that delay, lose and reorder",
        description="Goodput over emulated paths, beside the kernel, lwIP and gVisor where they are installed.",
        epilog="Example: scripts/bench loss --cells 'send-rtt20-*' --implementations 'tunstack*' 'kernel*'")
    lossy.add_argument("--quick", action="store_true", help="a few cells, one seed")
    lossy.add_argument("--cells", nargs="+", metavar="PATTERN", default=["*"], help="only these, see --list")
    lossy.add_argument("--implementations", nargs="+", metavar="PATTERN", default=[],
                       help="only these: tunstack-cubic, 'kernel*', ...")
    lossy.add_argument("--seeds", type=int, metavar="N",
                       help="how many seeds; three at most for what is not judged by its spread (default: 5; quick: 1)")
    lossy.add_argument("--seconds", type=float, metavar="S", default=4,
                       help="for one run; twice that at 100 ms, three times for two flows (default: 4)")
    lossy.add_argument("--parallel", type=int, metavar="N", default=4,
                       help="the most runs at a time; fast ones count for several (default: 4)")
    lossy.add_argument("--retries", type=int, metavar="N", default=None,
                       help="make a run anew when the machine disturbed it (default: 3; quick: 0)")
    lossy.add_argument("--output", type=Path, metavar="FILE",
                       help="keep the runs there; what it has already is not measured again")
    lossy.add_argument("--markdown", action="store_true", help=f"write the tables into {PAGE.name}")
    lossy.add_argument("--report", action="store_true", help="measure nothing, only show what --output has")
    lossy.add_argument("--list", action="store_true", help="list the cells and do nothing")
    lossy.add_argument("--binary", default=os.environ.get("TUNSTACK", str(programs.ROOT / ".build/release/tunstack")),
                       help="the tunstack to measure (default: $TUNSTACK, or the release build)")
    options = parser.parse_args(arguments)
    if options.subcommand != "loss":
        return options
    options.binary = str(Path(options.binary).resolve())
    options.seeds = options.seeds or (1 if options.quick else 5)
    if options.retries is None:
        options.retries = 0 if options.quick else 3
    if options.report and not options.output:
        parser.error("--report needs --output")
    return options


def loss(program: Path, options: argparse.Namespace) -> int:
    cells = select(QUICK if options.quick else MATRIX, options.cells)
    if options.list:
        print("\n".join(cell.name for cell in cells))
        return 0
    if not cells:
        print(f"no cell is called {' or '.join(options.cells)}; --list shows them", file=sys.stderr)
        return 2
    results = Results(options.output)
    results.load()
    if not options.report:
        code = _measure(program, options, cells, results)
        if code:
            return code
    tables = summary.tables(cells, results)
    print("\n".join(summary.text(table) for table in tables))
    findings = verdict.judge(cells, results)
    print("\n".join(str(finding) for finding in findings))
    if options.markdown:
        markdown.write(PAGE, tables, findings, results)
        print(f"written into {PAGE}")
    print(f"{len(results.disturbed())} of {len(results.runs)} runs were disturbed by the machine in each attempt")
    errors = list(results.errors())
    for key, error in errors:
        print(f"in error: {key.cell} {key.lineup} seed {key.seed}: {error.splitlines()[0]}")
    return 1 if errors else 0


def _measure(program: Path, options: argparse.Namespace, cells: list[Cell], results: Results) -> int:
    if not os.access(options.binary, os.X_OK):
        print(f"there is no {options.binary}; `make build` makes it", file=sys.stderr)
        return 2
    absent = obstacles(cells, options.implementations, options.binary)
    for name, reason in absent.items():
        print(f"skipped: {name}: {reason}")
    runs = plan(cells, options.implementations, options.seeds, set(absent))
    if not runs:
        print("nothing is left to measure", file=sys.stderr)
        return 2
    needed = {"path", "kernel"} | {member for run in runs for member in run.lineup.members if member == "lwip"}
    needed |= {"gvisor" for run in runs for member in run.lineup.members if member.startswith("gvisor")}
    try:
        folders = {programs.build(name).parent for name in sorted(needed)}
    except subprocess.CalledProcessError as error:
        print(f"cannot compile: {error}", file=sys.stderr)
        return 2
    executor = Executor(program, folders.pop(), options.binary, options.seconds, options.retries,
                        max(1, options.parallel))
    if executor.obstacle:
        print(f"cannot measure here: {executor.obstacle}", file=sys.stderr)
        return 2
    results.begin(circumstances(Path(options.binary), options.seconds))
    executor.execute(runs, results)
    return 0
