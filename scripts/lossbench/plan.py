"""Which runs, in which order, how long; doing them."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from kernelpeer.isolation import Isolation, run_to_end

from lossbench.cells import Cell
from lossbench.lineups import Lineup, lineups
from lossbench.results import Key, Results
from lossbench.stacks import stack_called

# What a run takes beside its measurement: namespaces, starting, ending.
OVERHEAD_SECONDS = 1.0


class Run(NamedTuple):
    cell: Cell
    lineup: Lineup
    seed: int

    @property
    def key(self) -> Key:
        return Key(self.cell.name, self.lineup.name, self.seed)


def obstacles(cells: list[Cell], patterns: list[str], binary: str) -> dict[str, str]:
    """The implementations that are asked for but cannot be measured here, with the reason."""
    names = {name for cell in cells for lineup in lineups(cell, patterns) for name in lineup.members}
    found = {name: stack_called(name).obstacle(binary) for name in sorted(names)}
    return {name: reason for name, reason in found.items() if reason}


def plan(cells: list[Cell], patterns: list[str], seeds: list[int], absent: set[str]) -> list[Run]:
    """All runs. Within a cell the lineups take turns, and each seed begins with another, so that what drifts in the
    machine falls on all alike."""
    runs = []
    for cell in cells:
        chosen = [lineup for lineup in lineups(cell, patterns) if not absent.intersection(lineup.members)]
        for turn, seed in enumerate(seeds):
            first = turn % len(chosen) if chosen else 0
            runs += [Run(cell, lineup, seed) for lineup in chosen[first:] + chosen[:first]]
    return runs


def estimate(runs: list[Run], base_seconds: float) -> float:
    """How many seconds the runs take."""
    return sum(run.cell.seconds(base_seconds) + OVERHEAD_SECONDS for run in runs)


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


class Executor:
    """Makes runs, each in namespaces of its own."""

    def __init__(self, program: Path, programs: Path, binary: str, base_seconds: float, retries: int,
                 most_others: float) -> None:
        """`retries`: how often a run is made anew when others used more than `most_others` of the processors."""
        self._isolation = Isolation()
        self._command = [sys.executable, "-B", str(program), "inside"]
        self._programs, self._binary, self._base_seconds = programs, binary, base_seconds
        self._retries, self._most_others = retries, most_others

    @property
    def obstacle(self) -> str | None:
        return self._isolation.obstacle

    def execute(self, runs: list[Run], results: Results) -> None:
        """Makes the runs that `results` does not have yet."""
        remaining = [run for run in runs if not results.has(run.key)]
        print(f"{len(remaining)} runs to make ({len(runs) - len(remaining)} are there already), "
              f"about {duration(estimate(remaining, self._base_seconds))}", flush=True)
        started = time.monotonic()
        for number, run in enumerate(remaining, 1):
            entry = self._quietest(run)
            results.add(run.key, entry)
            left = (time.monotonic() - started) / number * (len(remaining) - number)
            print(f"[{number}/{len(remaining)}, {duration(left)} left] {run.cell.name:30} {run.lineup.name:30} "
                  f"seed {run.seed}: {describe(entry)}", flush=True)

    def _quietest(self, run: Run) -> dict:
        """Makes a run, and again if others were busy meanwhile; the one in which they were least."""
        best: dict = {}
        for attempt in range(1 + self._retries):
            entry = self._once(run)
            if not best or "error" in best or ("error" not in entry and entry["others_share"] < best["others_share"]):
                best = entry | {"attempts": attempt + 1}
            if "error" not in best and best["others_share"] <= self._most_others:
                break
        return best

    def _once(self, run: Run) -> dict:
        seconds = run.cell.seconds(self._base_seconds)
        with tempfile.TemporaryDirectory(prefix="tunstack-") as directory:
            task = {"cell": vars(run.cell), "lineup": run.lineup.name, "seed": run.seed,
                    "seconds": self._base_seconds, "binary": self._binary, "programs": str(self._programs),
                    "directory": directory}
            code, output = run_to_end([*self._isolation.prefix, *self._command, json.dumps(task)], seconds + 60)
        lines = output.strip().splitlines()
        if code == 0 and lines:
            return json.loads(lines[-1])
        return {"error": f"exit code {code}: {output.strip()}"}


def describe(entry: dict) -> str:
    """A run in a line."""
    if "error" in entry:
        return "ERROR " + entry["error"].strip()
    flows = " + ".join(f"{flow['goodput_mbit']:.1f}" for flow in entry["flows"])
    counts = ", ".join(f"{flow['retransmitted']} again, {'?' if flow['timeouts'] is None else flow['timeouts']} RTO"
                       for flow in entry["flows"])
    path = entry["path"]
    line = f"{flows} Mbit/s, {counts}, {path['lost']} lost, {path['queue_dropped']} dropped"
    if entry["others_share"] > 0.1 or entry["stolen_share"] > 0.1:
        line += f" (others used {entry['others_share'] + entry['stolen_share']:.0%} of the machine)"
    if entry["device_dropped"]:
        line += f" ({entry['device_dropped']} dropped by a device, where only the emulator should)"
    if path["late_mean_us"] > 200:
        line += f" (packets left {path['late_mean_us']} us late in the mean)"
    return line
