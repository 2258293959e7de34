"""The runs of the throughput measurement."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Callable, NamedTuple

from benchlab.results import Results


class Key(NamedTuple):
    """Which run it was."""

    test: str
    configuration: str
    round: int


class SpeedResults(Results[Key]):
    """The runs that have been made."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, Key)

    def by_round(self, test: str, configuration: str, figure: str) -> dict[int, float]:
        """A figure in each round in which it was measured."""
        return {key.round: run[figure] for key, run in self.runs.items()
                if key.test == test and key.configuration == configuration and "error" not in run
                and run.get(figure) is not None}

    def values(self, test: str, configuration: str, figure: str) -> list[float]:
        found = self.by_round(test, configuration, figure)
        return [found[number] for number in sorted(found)]

    def median(self, test: str, configuration: str, figure: str) -> float | None:
        values = self.values(test, configuration, figure)
        return statistics.median(values) if values else None

    def ratio(self, test: str, figure: str, ours: str, theirs: list[str], best: Callable = max,
              their_test: str | None = None) -> float | None:
        """Our figure over the best of theirs: the median of the rounds' ratios, for what drifts in the machine falls on
        both figures of a round. `best` picks the best; `their_test` is another test of theirs."""
        mine = self.by_round(test, ours, figure)
        others = [self.by_round(their_test or test, name, figure) for name in theirs]
        ratios = []
        for number, value in mine.items():
            candidates = [other[number] for other in others if number in other]
            if candidates and best(candidates):
                ratios.append(value / best(candidates))
        return statistics.median(ratios) if ratios else None
