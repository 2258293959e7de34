"""The command: draws mutants, builds them all, tries each, and prints which survive."""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
from pathlib import Path
from typing import Callable, NamedTuple

from mutation.candidates import Candidate, drawn
from mutation.workshop import OWN_TESTS, SIMULATIONS, UNFIT, Outcome, Workshop

# So many are drawn for each that is wanted, because not all of them compile.
SPARE = 1.3
# How many seconds of a processor the tests may take without a mutant.
LONGEST = 3600


def main(program: Path, arguments: list[str]) -> int:
    """Tries the mutants that `arguments` select, and returns the exit code: 0 if all could be tried."""
    repository = program.parents[1]
    options = _parse(repository, arguments)
    candidates = drawn(repository, options.seed, options.only)
    print(f"{options.count} of {len(candidates)} lines that can be changed, seed {options.seed}", flush=True)
    if options.list:
        print("\n".join(map(str, candidates[:options.count])))
        return 0
    workshop = Workshop(repository, options.folder)
    record = _Record(options.folder, candidates)
    mutants = _built(workshop, candidates, options.count, record)
    chosen = [number for number in mutants if not options.again or number in record.survivors]
    lines = _lines(workshop, options.patience)
    survivors = _try_all(mutants, chosen, lambda number: _trial(workshop, number, lines), options.jobs)
    record.survivors = survivors
    record.write()
    killed = len(chosen) - len(survivors)
    print(f"\n{killed} of {len(chosen)} killed, {100 * killed / max(1, len(chosen)):.1f} %; {len(survivors)} survive")
    print("\n".join(f"{number}. {mutants[number]}" for number in survivors))
    return 0


def _parse(repository: Path, arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Makes mutants of the stack and sees whether the unit tests notice.",
        epilog="docs/mutation.md says what came of it.")
    parser.add_argument("count", type=int, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="only files whose path has this in it")
    parser.add_argument("--list", action="store_true", help="only show them")
    parser.add_argument("--again", action="store_true", help="only those that survived the last time")
    parser.add_argument("--folder", type=Path, default=repository / ".build-mutate", help="where the copy is")
    parser.add_argument("--jobs", type=int, default=2, help="how many to try at a time (default: 2)")
    parser.add_argument(
        "--patience", type=float, default=5, help="how many times as long as without a mutant a run may take")
    return parser.parse_args(arguments)


class _Record:
    """What is known of a draw, as long as the sources give the same: what does not compile, and what survived."""

    def __init__(self, folder: Path, candidates: list[Candidate]) -> None:
        draw = hashlib.sha256(repr(candidates).encode()).hexdigest()[:16]
        self.path = folder / "records" / f"{draw}.json"
        known = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.uncompilable: list[int] = known.get("uncompilable", [])
        self.survivors: list[int] = known.get("survivors", [])

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"uncompilable": self.uncompilable, "survivors": self.survivors}))


def _built(workshop: Workshop, candidates: list[Candidate], count: int, record: _Record) -> dict[int, Candidate]:
    """The first `count` candidates that compile, in a copy that is built with them."""
    numbered = dict(enumerate(candidates, 1))
    drawn_so_far = 0
    kept: dict[int, Candidate] = {}
    while len(kept) < count and drawn_so_far < len(candidates):
        upto = min(len(candidates), drawn_so_far + int((count - len(kept)) * SPARE) + 1)
        more = range(drawn_so_far + 1, upto + 1)
        kept |= {number: numbered[number] for number in more if number not in record.uncompilable}
        drawn_so_far = upto
        built = workshop.build(kept)
        record.uncompilable += sorted(kept.keys() - built.keys())
        record.write()
        kept = built
    return dict(list(kept.items())[:count])


class _Line(NamedTuple):
    """Some of the tests, which a mutant meets one line after the other, and how much of a processor they may take."""
    name: str
    selection: list[str]
    limit: float


def _lines(workshop: Workshop, patience: float) -> list[_Line]:
    """What stands against a mutant, the quick before the slow; without one, all of it must pass."""
    slow = workshop.slow_tests(LONGEST)
    lines = []
    for name, selection in (
            ("quick tests", ["--filter", OWN_TESTS, "--skip", slow]),
            ("slow tests", ["--filter", slow]),
            ("simulations", ["--filter", SIMULATIONS, "--skip", UNFIT])):
        clean = workshop.test(0, selection, LONGEST)
        if clean.failure:
            raise SystemExit(f"without a mutant: {clean.failure}")
        print(f"without a mutant: {name} in {clean.seconds:.0f} s of a processor", flush=True)
        lines.append(_Line(name, selection, 30 + patience * clean.seconds))
    return lines


def _trial(workshop: Workshop, number: int, lines: list[_Line]) -> Outcome:
    """The outcome of the first line that notices, or of the last."""
    seconds = 0.0
    for line in lines:
        outcome = workshop.test(number, line.selection, line.limit)
        seconds += outcome.seconds
        if outcome.failure:
            return Outcome(f"killed by {line.name}: {outcome.failure}", seconds)
    return Outcome(None, seconds)


def _try_all(
        mutants: dict[int, Candidate], chosen: list[int], trial: Callable[[int], Outcome], jobs: int) -> list[int]:
    """The numbers of those that survive."""
    survivors = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        for number, outcome in zip(chosen, pool.map(trial, chosen)):
            if outcome.failure is None:
                survivors.append(number)
            print(f"{number}. {outcome.failure or 'SURVIVES'} ({outcome.seconds:.0f} s) {mutants[number]}", flush=True)
    return survivors
