"""The runs over lossy paths."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, NamedTuple

from benchlab.results import Results


class Key(NamedTuple):
    """Which run it was."""

    cell: str
    lineup: str
    seed: int


class LossResults(Results[Key]):
    """The runs that have been made."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, Key)

    def of(self, cell: str, lineup: str) -> list[dict]:
        """The runs of a lineup in a cell that were not in error, by seed."""
        found = [run for key, run in self.runs.items()
                 if key.cell == cell and key.lineup == lineup and "error" not in run]
        return sorted(found, key=lambda run: run["seed"])

    def values(self, cell: str, lineup: str, what: str) -> list[Any]:
        """A figure of each run: of the run itself, else of its first flow, else of the path."""
        values = []
        for run in self.of(cell, lineup):
            places = (run, run["flows"][0], run["path"])
            values.append(next((place[what] for place in places if what in place), None))
        return [value for value in values if value is not None]

    def flow_values(self, cell: str, lineup: str, what: str, flow: int) -> list[Any]:
        """A figure of the flow number `flow` of each run."""
        return [run["flows"][flow][what] for run in self.of(cell, lineup)]

    def median(self, cell: str, lineup: str) -> float | None:
        """The median of the goodput in Mbit/s."""
        values = self.values(cell, lineup, "goodput_mbit")
        return statistics.median(values) if values else None
