"""The command line of scripts/bench."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Callable, NamedTuple

from benchlab import inside, programs
from benchlab.results import Unusable


class Subcommand(NamedTuple):
    """One benchmark."""

    name: str
    help: str
    # Adds its options.
    configure: Callable[[argparse.ArgumentParser], None]
    # Does it; the first argument is scripts/bench. The exit code.
    run: Callable[[Path, argparse.Namespace], int]
    # What makes one run inside its namespaces, by the name that a `Job` says.
    bodies: dict[str, inside.Body] = {}


def main(program: Path, arguments: list[str], subcommands: list[Subcommand]) -> int:
    """The command `program`; returns its exit code."""
    if arguments[:1] == ["inside"]:
        return inside.main(arguments[1], {
            name: body for subcommand in subcommands for name, body in subcommand.bodies.items()})
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures tunstack beside other TCP stacks.")
    choice = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for subcommand in subcommands:
        subcommand.configure(choice.add_parser(subcommand.name, help=subcommand.help, description=subcommand.help))
    options = parser.parse_args(arguments)
    # Ends as Ctrl-C does, with everything cleared away; and so does Ctrl-C for a job in the background of a script.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        return next(each for each in subcommands if each.name == options.subcommand).run(program, options)
    except Unusable as reason:
        print(reason, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; with --output, the same command goes on from here")
        return 130


def add_measuring_options(parser: argparse.ArgumentParser) -> None:
    """The options of a benchmark that makes many runs."""
    parser.add_argument("--retries", type=int, metavar="N", default=None,
                        help="make a run anew when the machine disturbed it (default: 3; quick: 0)")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="keep the runs there; what it has already is not measured again")
    parser.add_argument("--markdown", action="store_true", help="write the results into docs/performance.md")
    parser.add_argument("--report", action="store_true", help="measure nothing, only show what --output has")
    parser.add_argument("--binary", default=os.environ.get("TUNSTACK", str(programs.ROOT / ".build/release/tunstack")),
                        help="the tunstack to measure (default: $TUNSTACK, or the release build)")


def complete_measuring_options(options: argparse.Namespace) -> None:
    """Fills in what follows from other options.

    Raises `Unusable` when they do not go together.
    """
    options.binary = str(Path(options.binary).resolve())
    if options.retries is None:
        options.retries = 0 if options.quick else 3
    if options.report and not options.output:
        raise Unusable("--report needs --output")


def require_binary(options: argparse.Namespace) -> None:
    """Raises `Unusable` when there is no `tunstack` to measure."""
    if not os.access(options.binary, os.X_OK):
        raise Unusable(f"there is no {options.binary}; `make build` makes it")
