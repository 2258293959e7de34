"""What else the machine does during a run."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def disturbance(entry: dict) -> float:
    """The share of the machine's processors that was not there for a run."""
    return entry["others_share"] + entry["stolen_share"]


def disturbed_note(entry: dict) -> str:
    """A remark for a line about a run, if there is something to remark."""
    return f" (others used {disturbance(entry):.0%} of the machine)" if disturbance(entry) > 0.1 else ""


def processor_seconds(pid: int | str) -> float:
    """Processor seconds of a process so far, its threads included; 0 if it has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(state[11]) + int(state[12])) / TICK


class Load:
    """The use of the machine's processors since this object was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._own, self._processes, self._interrupts, self._stolen = self._read()

    def by_others(self) -> dict:
        """The share of the machine's processors that others used, and the hypervisor."""
        own, processes, _, stolen = self._read()
        capacity = (time.monotonic() - self._started) * (os.cpu_count() or 1)
        return {"others_share": round(max(0, processes - self._processes - (own - self._own)) / capacity, 3),
                "stolen_share": round((stolen - self._stolen) / capacity, 3)}

    def machine_seconds(self) -> float:
        """Processor seconds of the whole machine, interrupts included."""
        _, processes, interrupts, _ = self._read()
        return round(processes - self._processes + interrupts - self._interrupts, 2)

    def _read(self) -> tuple[float, float, float, float]:
        """Processor seconds so far: of this run, of all processes, in interrupts, taken away by the hypervisor."""
        fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        user, nice, system, _, _, interrupts, soft_interrupts, stolen = fields[:8]
        # In this process namespace, /proc shows the run's own processes alone.
        own = sum(processor_seconds(entry.name) for entry in Path("/proc").glob("[0-9]*"))
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (own + ended.ru_utime + ended.ru_stime, (user + nice + system) / TICK,
                (interrupts + soft_interrupts) / TICK, stolen / TICK)
