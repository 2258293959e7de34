"""The paths that are measured."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

RATE_MBIT = 300
QUEUE_PACKETS = 1000
# Gilbert-Elliott: bursts of 5 packets in the mean that are all lost, 1 % of all packets.
BURST = {"burst-entry": 0.00202, "burst-exit": 0.2, "burst-loss": 1.0}
REORDERED_SHARE = 0.05
# The test of a cell: who is examined.
SEND, RECEIVE, SHARE = "send", "receive", "share"


@dataclass(frozen=True)
class Cell:
    """One path, and what is examined on it."""

    test: str
    rtt_ms: int
    loss_percent: float = 0.0
    bursts: bool = False
    reordering: bool = False
    jitter: bool = False

    @property
    def path(self) -> str:
        """A name for the path: `rtt20-loss1-reorder`."""
        parts = [f"rtt{self.rtt_ms}", "burst" if self.bursts else f"loss{self.loss_percent:g}"]
        parts += ["reorder"] if self.reordering else []
        parts += ["jitter"] if self.jitter else []
        return "-".join(parts)

    @property
    def name(self) -> str:
        return f"{self.test}-{self.path}"

    def seconds(self, base: float) -> float:
        """How long a run takes: a long path needs longer to be filled, and two flows to find their shares."""
        return base * (2 if self.rtt_ms >= 100 else 1) * (3 if self.test == SHARE else 1)

    def path_options(self, seed: int) -> list[str]:
        """What the emulator is told. Direction one leads to the stack under examination, direction two away from it.

        Loss and reordering are in the direction of the data, delay, jitter and rate in both.
        """
        def in_direction_of_data(value: float) -> str:
            return f"{value},0" if self.test == RECEIVE else f"0,{value}"

        options = {"seed": seed, "rate": RATE_MBIT, "queue": QUEUE_PACKETS, "delay": self.rtt_ms / 2,
                   "loss": in_direction_of_data(self.loss_percent / 100)}
        if self.bursts:
            options |= {name: in_direction_of_data(value) for name, value in BURST.items()}
        if self.reordering:
            options |= {"reordering": in_direction_of_data(REORDERED_SHARE), "reordering-delay": self.rtt_ms / 10}
        if self.jitter:
            options |= {"jitter": self.rtt_ms / 10, "jitter-period": max(1, self.rtt_ms / 20)}
        return [f"{name}={value}" for name, value in options.items()]


RTTS_MS = (2, 20, 100)
LOSSES_PERCENT = (0.0, 0.1, 1.0, 3.0)

MATRIX = [
    *(Cell(SEND, rtt, loss, reordering=reordering)
      for rtt in RTTS_MS for loss in LOSSES_PERCENT for reordering in (False, True)),
    *(Cell(SEND, rtt, loss, jitter=True) for rtt in RTTS_MS for loss in (0.0, 1.0)),
    *(Cell(SEND, rtt, bursts=True) for rtt in RTTS_MS),
    *(Cell(RECEIVE, rtt, loss, reordering=reordering)
      for rtt in RTTS_MS for loss, reordering in ((0.0, False), (0.0, True), (1.0, False))),
    *(Cell(SHARE, rtt, loss) for rtt, loss in ((20, 0.0), (100, 0.0), (20, 0.1))),
]

QUICK = [
    Cell(SEND, 2), Cell(SEND, 20), Cell(SEND, 20, 0.1), Cell(SEND, 20, 1.0), Cell(SEND, 20, 3.0), Cell(SEND, 100),
    Cell(SEND, 20, reordering=True), Cell(SEND, 20, jitter=True), Cell(SEND, 20, bursts=True),
    Cell(RECEIVE, 20), Cell(RECEIVE, 20, 1.0), Cell(SHARE, 20),
]


def select(cells: list[Cell], patterns: list[str]) -> list[Cell]:
    """The cells whose name matches one of `patterns`."""
    return [cell for cell in cells if any(fnmatch.fnmatchcase(cell.name, pattern) for pattern in patterns)]
