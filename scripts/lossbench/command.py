"""The subcommands of scripts/bench about lossy paths."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from kernelpeer.host import Host

from benchlab import page, programs, tables
from benchlab.command import Subcommand, add_measuring_options, complete_measuring_options, require_binary
from benchlab.executor import Executor
from benchlab.results import circumstances, origin
from lossbench import check, summary, verdict
from lossbench.cells import MATRIX, QUICK, Cell, select
from lossbench.lineups import parse
from lossbench.measure import measure
from lossbench.plan import describe, obstacles, plan
from lossbench.results import LossResults


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Example: scripts/bench loss --cells 'send-rtt20-*' --implementations 'tunstack*' 'kernel*'"
    parser.add_argument("--quick", action="store_true", help="a few cells, one seed")
    parser.add_argument("--cells", nargs="+", metavar="PATTERN", default=["*"], help="only these, see --list")
    parser.add_argument("--implementations", nargs="+", metavar="PATTERN", default=[],
                        help="only these: tunstack-cubic, 'kernel*', ...")
    parser.add_argument("--seeds", type=int, metavar="N",
                        help="how many seeds; three at most for what is not judged by its spread (default: 5; quick: 1)")
    parser.add_argument("--seconds", type=float, metavar="S", default=4,
                        help="for one run; twice that at 100 ms, three times for two flows (default: 4)")
    parser.add_argument("--parallel", type=int, metavar="N", default=4,
                        help="the most runs at a time; fast ones count for several (default: 4)")
    parser.add_argument("--list", action="store_true", help="list the cells and do nothing")
    add_measuring_options(parser)


def _run(program: Path, options: argparse.Namespace) -> int:
    complete_measuring_options(options)
    cells = select(QUICK if options.quick else MATRIX, options.cells)
    if options.list:
        print("\n".join(cell.name for cell in cells))
        return 0
    if not cells:
        print(f"no cell is called {' or '.join(options.cells)}; --list shows them", file=sys.stderr)
        return 2
    results = LossResults(options.output)
    results.load()
    if not options.report:
        code = _measure(program, options, cells, results)
        if code:
            return code
    made = summary.tables(cells, results)
    print("\n".join(tables.text(table) for table in made))
    findings = verdict.judge(cells, results)
    print("\n".join(str(finding) for finding in findings))
    if options.markdown:
        targets = [tables.findings_table(findings)] if findings else []
        page.replace("loss", [origin(results, "loss"), *map(tables.markdown, targets + made)])
        print(f"written into {page.PAGE}")
    print(f"{len(results.disturbed())} of {len(results.good())} runs were disturbed by the machine in each attempt")
    errors = list(results.errors())
    for key, error in errors:
        print(f"in error: {key.cell} {key.lineup} seed {key.seed}: {error.splitlines()[0]}")
    return 1 if errors else 0


def _measure(program: Path, options: argparse.Namespace, cells: list[Cell], results: LossResults) -> int:
    require_binary(options)
    absent = obstacles(cells, options.implementations, options.binary)
    for name, reason in absent.items():
        print(f"skipped: {name}: {reason}")
    seeds = options.seeds or (1 if options.quick else 5)
    runs = plan(cells, options.implementations, seeds, set(absent))
    if not runs:
        print("nothing is left to measure", file=sys.stderr)
        return 2
    needed = {"path", "kernel"} | {member for run in runs for member in run.lineup.members if member == "lwip"}
    needed |= {"gvisor" for run in runs for member in run.lineup.members if member.startswith("gvisor")}
    try:
        folder = programs.build_all(needed)
    except subprocess.CalledProcessError as error:
        print(f"cannot compile: {error}", file=sys.stderr)
        return 2
    executor = Executor(program, folder, options.binary, options.retries,
                        lambda entry: entry["disturbance"], max(1, options.parallel))
    if executor.obstacle:
        print(f"cannot measure here: {executor.obstacle}", file=sys.stderr)
        return 2
    results.begin(circumstances(Path(options.binary), options.seconds))
    executor.execute([run.job(options.seconds) for run in runs], results, describe)
    return 0


# Below the emulator's, which lets packets go on time, and above everything else.
PRIORITY = 10


def _take_precedence() -> None:
    """A real-time priority, where that is allowed: a nice value counts within a session only where the kernel groups
    processes by session, and a stack that waits for a processor looks as if the path were another."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except PermissionError:
        pass  # An ordinary user; how long the processes waited is kept with the run.


def _body(host: Host, task: dict) -> dict:
    _take_precedence()
    return measure(host, Path(task["programs"]), Cell(**task["cell"]), parse(task["lineup"]), task["seed"],
                   task["seconds"])


LOSS = Subcommand("loss", "goodput over paths that delay, lose and reorder", _configure, _run, {"loss": _body})
PATH = Subcommand(
    "path", "check the emulator of paths itself, with the kernel at both ends", lambda parser: None,
    lambda program, options: check.run_all(program, programs.build_all(["path", "kernel"])), {"path": check.body})
