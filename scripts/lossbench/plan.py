"""Which runs, and in which order."""

from __future__ import annotations

from typing import NamedTuple

from benchlab.job import Job
from lossbench.cells import SEND, Cell
from lossbench.expectation import share_of_machine
from lossbench.lineups import Lineup, lineups
from lossbench.results import Key
from lossbench.stacks import stack_called

# Seeds enough for what is not judged by the spread of single losses: receivers, two flows, and the peers that are there
# for comparison only.
SEEDS_ELSEWHERE = 3


class Run(NamedTuple):
    cell: Cell
    lineup: Lineup
    seed: int

    def job(self, base_seconds: float) -> Job:
        key = Key(self.cell.name, self.lineup.name, self.seed)
        task = {"cell": vars(self.cell), "lineup": self.lineup.name, "seed": self.seed, "seconds": base_seconds}
        title = f"{self.cell.name:30} {self.lineup.name:30} seed {self.seed}"
        return Job(key, "loss", task, self.cell.seconds(base_seconds), title,
                   share_of_machine(self.cell, self.lineup))


def obstacles(cells: list[Cell], patterns: list[str], binary: str) -> dict[str, str]:
    """The implementations that are asked for but cannot be measured here, with the reason."""
    names = {name for cell in cells for lineup in lineups(cell, patterns) for name in lineup.members}
    found = {name: stack_called(name).obstacle(binary) for name in sorted(names)}
    return {name: reason for name, reason in found.items() if reason}


def plan(cells: list[Cell], patterns: list[str], seeds: int, absent: set[str]) -> list[Run]:
    """All runs, with the seeds from 1 to `seeds`. Within a cell the lineups take turns, and each seed begins with
    another, so that what drifts in the machine falls on all alike."""
    runs = []
    for cell in cells:
        chosen = [lineup for lineup in lineups(cell, patterns) if not absent.intersection(lineup.members)]
        for seed in range(1, seeds + 1):
            first = (seed - 1) % len(chosen) if chosen else 0
            runs += [Run(cell, lineup, seed) for lineup in chosen[first:] + chosen[:first]
                     if seed <= seeds_for(cell, lineup, seeds)]
    return runs


def seeds_for(cell: Cell, lineup: Lineup, seeds: int) -> int:
    """How many of the seeds are worth their time."""
    is_judged = cell.test == SEND and not lineup.name.startswith(("lwip", "gvisor"))
    return seeds if is_judged else min(seeds, SEEDS_ELSEWHERE)


def describe(entry: dict) -> str:
    """A run in a line."""
    flows = " + ".join(f"{flow['goodput_mbit']:.1f}" for flow in entry["flows"])
    counts = ", ".join(f"{flow['retransmitted']} again, {'?' if flow['timeouts'] is None else flow['timeouts']} RTO"
                       for flow in entry["flows"])
    path = entry["path"]
    line = f"{flows} Mbit/s, {counts}, {path['lost']} lost, {path['queue_dropped']} dropped"
    if entry["device_dropped"]:
        line += f" ({entry['device_dropped']} dropped by a device, where only the emulator should)"
    if entry["disturbance"] > 1:
        line += (f" (disturbed in each of {entry['attempts']} attempts: packets left {path['late_mean_us']} us late in "
                 f"the mean, {entry['waited_share']:.0%} of the time waited, "
                 f"{entry['stolen_share']:.0%} of the processors taken away)")
    return line
