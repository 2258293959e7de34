"""Whether the machine has let a run go its way."""

from __future__ import annotations

import os
import time
from pathlib import Path

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


class Standstill:
    """For how long the processes of a run could not go on since this object was made, though they had work to do."""

    def __init__(self) -> None:
        self._started, self._stolen, self._waited = time.monotonic(), self._read_stolen(), self._read_waited()

    def shares(self) -> dict:
        """Of the processors, what the hypervisor took away; of the time, for how long the process that waited longest
        for a processor did."""
        elapsed = time.monotonic() - self._started
        waited = {task: time - self._waited.get(task, 0) for task, time in self._read_waited().items()}
        stolen = self._read_stolen() - self._stolen
        return {"stolen_share": round(stolen / elapsed / (os.cpu_count() or 1), 3),
                "waited_share": round(max(waited.values()) / elapsed, 3)}

    def _read_stolen(self) -> float:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()
        return int(fields[8]) / os.sysconf("SC_CLK_TCK")

    def _read_waited(self) -> dict[str, float]:
        """Seconds, by thread. In this process namespace, /proc shows the run's own alone."""
        waited = {}
        for entry in Path("/proc").glob("[0-9]*/task/*/schedstat"):
            try:
                waited[entry.parent.name] = int(entry.read_text().split()[1]) / 1e9
            except OSError:
                continue  # ended meanwhile
        return waited
