"""About how fast a run will be. It decides what may be measured beside it, and nothing else."""

from __future__ import annotations

import os

from lossbench.cells import RATE_MBIT, SHARE, Cell
from lossbench.lineups import Lineup

SEGMENT_BITS = 1448 * 8
# Twice what the formula says: slow start, and CUBIC's growth on long paths.
MARGIN = 2
# Debian's lwIP has a window of 64 KB.
LWIP_WINDOW_BITS = 65_535 * 8
# What gVisor has been seen to reach, and more.
GVISOR_MBIT = 100
# What the emulator and the stacks carry together, in time, for each processor.
MBIT_PER_PROCESSOR = 170
# What a run costs however little it sends.
LEAST_MBIT = 10


def share_of_machine(cell: Cell, lineup: Lineup) -> float:
    """The part of the machine that a run takes, at most the whole."""
    return min(1, (expected_mbit(cell, lineup) + LEAST_MBIT) / MBIT_PER_PROCESSOR / (os.cpu_count() or 1))


def expected_mbit(cell: Cell, lineup: Lineup) -> float:
    """The goodput that a run may reach, of all flows together: what it costs the machine goes with it."""
    flows = [_flow_mbit(cell, sender) for sender in ([lineup.far_sender] if lineup.far_sender else lineup.stacks)]
    # One flow takes what the other leaves.
    return min(RATE_MBIT, sum(flows) if cell.test == SHARE else flows[0])


def _flow_mbit(cell: Cell, sender: str) -> float:
    rtt = cell.rtt_ms / 1000
    # A burst of five packets is one event.
    events = 0.002 if cell.bursts else cell.loss_percent / 100
    limit = float(RATE_MBIT)
    if sender.startswith("lwip"):
        limit = min(limit, LWIP_WINDOW_BITS / rtt / 1e6)
    if sender.startswith("gvisor"):
        limit = min(limit, GVISOR_MBIT)
    if events and not sender.endswith("bbr"):
        # What a window that halves at each loss comes to (Mathis et al., 1997).
        limit = min(limit, MARGIN * 1.22 * SEGMENT_BITS / (rtt * events ** 0.5) / 1e6)
    return limit
