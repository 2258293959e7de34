"""Whether the machine has let a run go its way."""

from __future__ import annotations

from lossbench.cells import Cell

# A packet should leave the emulator at its time: later by this share of the round-trip time in the mean, the path is
# another one.
MOST_LATE_SHARE = 0.03
LEAST_LATE_US, MOST_LATE_US = 150, 1000
# Of the processors, what the hypervisor takes away: then the stacks stand still too.
MOST_STOLEN = 0.1
# Of the time, for how long a process of the run waited for a processor. On two of them, a stack at 300 Mbit/s comes to
# a fifth by itself.
MOST_WAITED = 0.35


def disturbance(cell: Cell, run: dict) -> float:
    """How much a run was disturbed; above 1 it says little. What others do at a lower priority does not count unless it
    shows in this."""
    late = min(max(cell.rtt_ms * 1000 * MOST_LATE_SHARE, LEAST_LATE_US), MOST_LATE_US)
    return round(max(run["path"]["late_mean_us"] / late, run["stolen_share"] / MOST_STOLEN,
                     run["waited_share"] / MOST_WAITED), 2)
