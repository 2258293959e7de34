"""The subcommand `scripts/bench throughput`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchlab import page, programs, tables
from benchlab.command import Subcommand, add_measuring_options, complete_measuring_options, require_binary
from benchlab.executor import Executor
from benchlab.load import disturbance
from benchlab.results import circumstances, origin
from speedbench import chart, measure, summary, verdict
from speedbench.catalogue import CEILINGS, CONFIGURATIONS, RAW, TESTS, matches
from speedbench.plan import chosen_configurations, describe, obstacles, plan
from speedbench.results import SpeedResults
from speedbench.stacks import stack_of

QUICK_SECONDS, QUICK_ROUNDS, SECONDS, ROUNDS = 0.5, 1, 3.0, 5


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Example: scripts/bench throughput --configurations 'tunstack*' kernel-veth --tests up down echo"
    parser.add_argument("--quick", action="store_true", help="one round of half a second each")
    parser.add_argument("--configurations", nargs="+", metavar="PATTERN", default=[], help="only these, see --list")
    parser.add_argument("--tests", nargs="+", metavar="PATTERN", default=[], help="only these, see --list")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"how many rounds (default: {ROUNDS}; quick: 1)")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"for one run (default: {SECONDS:g}; quick: 0.5)")
    parser.add_argument("--list", action="store_true", help="list configurations and tests, and do nothing")
    parser.add_argument("--most-others", type=float, metavar="SHARE", default=0.1,
                        help="the share of the processors that others may use (default: 0.1)")
    add_measuring_options(parser)


def _run(program: Path, options: argparse.Namespace) -> int:
    complete_measuring_options(options)
    if options.list:
        for each in [*CONFIGURATIONS, *TESTS, *CEILINGS]:
            print(f"{each.name:20} {each.what}")
        return 0
    results = SpeedResults(options.output)
    results.load()
    if not options.report:
        code = _measure(program, options, results)
        if code:
            return code
    made = summary.tables(results)
    print("\n".join(tables.text(table) for table in made))
    findings = verdict.judge(results)
    print("\n".join(str(finding) for finding in findings))
    if options.markdown:
        image = chart.write(results).relative_to(page.PAGE.parent)
        picture = f"![Throughput of one connection in Gbit/s, beside other stacks]({image})"
        targets = [tables.findings_table(findings)] if findings else []
        page.replace("throughput", [origin(results, "throughput"), picture, *map(tables.markdown, made + targets)])
        print(f"written into {page.PAGE}")
    errors = list(results.errors())
    for key, error in errors:
        print(f"in error: {key.test} {key.configuration} round {key.round}: {error.splitlines()[0]}")
    return 1 if errors else 0


def _measure(program: Path, options: argparse.Namespace, results: SpeedResults) -> int:
    require_binary(options)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    chosen = chosen_configurations(options.configurations)
    absent = obstacles(chosen, options.binary)
    for name, reason in absent.items():
        print(f"skipped: {name}: {reason}")
    chosen = [configuration for configuration in chosen if configuration.name not in absent]
    jobs = plan([configuration.name for configuration in chosen], options.tests, rounds, seconds,
                matches(RAW, options.configurations))
    if not jobs:
        print("nothing is left to measure; --list shows what there is", file=sys.stderr)
        return 2
    try:
        folder = programs.build_all(["client", "ceiling"])
        for configuration in chosen:
            stack_of(configuration).prepare()
    except subprocess.CalledProcessError as error:
        print(f"cannot compile: {error}", file=sys.stderr)
        return 2
    executor = Executor(program, folder, options.binary, options.retries,
                        lambda entry: disturbance(entry) / options.most_others)
    if executor.obstacle:
        print(f"cannot measure here: {executor.obstacle}", file=sys.stderr)
        return 2
    results.begin(circumstances(Path(options.binary), seconds))
    executor.execute(jobs, results, describe)
    return 0


THROUGHPUT = Subcommand(
    "throughput", "how fast, how soon and with how much, beside the kernel, lwIP and gVisor", _configure, _run,
    {"throughput": measure.body})
