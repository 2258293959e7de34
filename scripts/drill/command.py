"""The command: finds packetdrill and its scripts, plays them two at a time, and prints a table."""

from __future__ import annotations

import argparse
import concurrent.futures
import fnmatch
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from drill.play import FAILED, PASSED, SKIPPED, Outcome, Player
from kernelpeer.isolation import Isolation

LIBRARY = ".build/release/libTunstackPacketdrill.so"


def main(program: Path, arguments: list[str]) -> int:
    """Plays what `arguments` select, and returns the exit code: 0 if nothing failed."""
    repository = program.parents[1]
    options = _parse(repository, arguments)
    scripts = _scripts(options.paths or [str(repository / "Tests/Packetdrill")], options.only)
    if not scripts:
        print("there are no such scripts", file=sys.stderr)
        return 2
    packetdrill = shutil.which(options.packetdrill)
    if not packetdrill:
        where = "on PATH, at $PACKETDRILL or where --packetdrill says"
        print(f"SKIPPED  all {len(scripts)} scripts: there is no packetdrill {where}")
        return 0
    isolation = Isolation()
    if isolation.obstacle:
        print(f"SKIPPED  all {len(scripts)} scripts: {isolation.obstacle}")
        return 0
    library = None if options.on == "linux" else _library(repository, options.library)
    player = Player(Path(packetdrill).resolve(), library, options.flags, isolation)
    return _play_all(player, scripts, options)


def _parse(repository: Path, arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Plays packetdrill's scripts against the stack, or against the kernel.",
        epilog="docs/packetdrill.md says what passes, and why the rest does not.")
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="a script, or a directory (default: Tests/Packetdrill)")
    parser.add_argument("--on", choices=["tunstack", "linux"], default="tunstack", help="the stack to test")
    parser.add_argument("--only", metavar="PATTERN", help="only scripts with such a name, like 'sack*'")
    parser.add_argument(
        "--packetdrill", metavar="PROGRAM", default=os.environ.get("PACKETDRILL", "packetdrill"), help="the program")
    parser.add_argument("--library", metavar="FILE", help=f"the plug-in (default: {LIBRARY}, which is built first)")
    parser.add_argument("--flags", default="", help="more words for --so_flags, like 'profile=rfc'")
    parser.add_argument("--jobs", type=int, default=2, help="how many scripts to play at a time (default: 2)")
    parser.add_argument("--tries", type=int, default=1, help="how often a script may fail, for the kernel's real time")
    parser.add_argument("--verbose", action="store_true", help="print all of what a failed script says")
    return parser.parse_args(arguments)


def _scripts(paths: list[str], pattern: str | None) -> list[tuple[str, Path]]:
    """The scripts with the names to show: what of their path is below the directory that was asked for."""
    found: list[tuple[str, Path]] = []
    for text in paths:
        path = Path(text).resolve()
        if path.is_dir():
            found += [(str(script.relative_to(path)), script) for script in sorted(path.rglob("*.pkt"))]
        elif path.is_file():
            found.append((path.name, path))
    return [(name, path) for name, path in found if not pattern or fnmatch.fnmatchcase(path.stem, pattern)]


def _library(repository: Path, chosen: str | None) -> Path:
    if chosen:
        return Path(chosen).resolve()
    command = ["swift", "build", "-c", "release", "--product", "TunstackPacketdrill"]
    if subprocess.run(command, cwd=repository, stdout=sys.stderr, check=False).returncode != 0:
        sys.exit("the plug-in does not build")
    return repository / LIBRARY


def _play_all(player: Player, scripts: list[tuple[str, Path]], options: argparse.Namespace) -> int:
    started = time.monotonic()
    outcomes: list[Outcome] = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, options.jobs)) as pool:
        for outcome in pool.map(lambda script: player.play(*script, options.tries), scripts):
            outcomes.append(outcome)
            print(outcome.line, flush=True)
            if options.verbose and outcome.result == FAILED:
                print(outcome.output)
    counts = {result: sum(outcome.result == result for outcome in outcomes) for result in (PASSED, FAILED, SKIPPED)}
    elapsed = time.monotonic() - started
    print(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped in {elapsed:.1f} s")
    return 1 if counts[FAILED] else 0
