"""Who sends to whom."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from lossbench.cells import RECEIVE, SEND, SHARE, Cell

# The stacks that are examined as senders; more of them on request (`--implementations`).
SENDERS = ["tunstack-cubic", "kernel-cubic", "tunstack-bbr", "kernel-bbr", "lwip", "gvisor-cubic"]
MORE_SENDERS = ["tunstack", "tunstack-newreno", "kernel-reno", "gvisor-reno"]
RECEIVERS = ["tunstack", "kernel"]
PAIRS = [
    ("tunstack-cubic", "tunstack-cubic"), ("kernel-cubic", "kernel-cubic"), ("tunstack-cubic", "kernel-cubic"),
    ("tunstack-bbr", "tunstack-bbr"), ("kernel-bbr", "kernel-bbr"), ("tunstack-bbr", "kernel-bbr"),
]


@dataclass(frozen=True)
class Lineup:
    """The stacks under examination, and in the test `receive` the kernel's congestion control that sends to them."""

    stacks: tuple[str, ...]
    far_sender: str | None = None

    @property
    def name(self) -> str:
        """`kernel-cubic`, `kernel-cubic>tunstack`, `tunstack-cubic+kernel-cubic`."""
        return (f"{self.far_sender}>" if self.far_sender else "") + "+".join(self.stacks)

    @property
    def members(self) -> tuple[str, ...]:
        return self.stacks + ((self.far_sender,) if self.far_sender else ())


def parse(name: str) -> Lineup:
    """The lineup that is called `name`."""
    sender, _, stacks = name.rpartition(">")
    return Lineup(tuple(stacks.split("+")), sender or None)


def lineups(cell: Cell, patterns: list[str]) -> list[Lineup]:
    """What is measured in a cell; with `patterns` only what they name."""
    if cell.test == SEND:
        every = [Lineup((sender,)) for sender in SENDERS + (MORE_SENDERS if patterns else [])]
    elif cell.test == RECEIVE:
        every = [Lineup((receiver,), f"kernel-{control}") for control in ("cubic", "bbr") for receiver in RECEIVERS]
    else:
        assert cell.test == SHARE
        every = [Lineup(pair) for pair in PAIRS]
    return [lineup for lineup in every
            if not patterns or all(_is_named(member, patterns, cell) for member in lineup.members)]


def _is_named(member: str, patterns: list[str], cell: Cell) -> bool:
    # A receiver has no congestion control: `tunstack-cubic` asks for tunstack as a receiver too.
    return any(fnmatch.fnmatchcase(member, pattern)
               or (cell.test == RECEIVE and member in RECEIVERS and pattern.startswith(member + "-"))
               for pattern in patterns)
