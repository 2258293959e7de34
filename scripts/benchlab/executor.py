"""Making runs, one after the other, and again those that were disturbed."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

from kernelpeer.isolation import Isolation, run_to_end

from benchlab.job import Job
from benchlab.load import disturbance
from benchlab.results import Results

# What a run takes beside its measurement: namespaces, starting, ending.
OVERHEAD_SECONDS = 1.0


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def estimate(jobs: list[Job]) -> float:
    """How many seconds the runs take."""
    return sum(job.seconds + OVERHEAD_SECONDS for job in jobs)


class Executor:
    """Makes runs, each in namespaces of its own."""

    def __init__(self, program: Path, programs: Path, binary: str, retries: int, most_others: float) -> None:
        """`program` is scripts/bench, `programs` where the compiled peers are, `binary` the `tunstack`; `retries`: how
        often a run is made anew when others used more than `most_others` of the processors."""
        self._isolation = Isolation()
        self._command = [sys.executable, "-B", str(program), "inside"]
        self._common = {"programs": str(programs), "binary": binary}
        self._retries, self._most_others = retries, most_others

    @property
    def obstacle(self) -> str | None:
        return self._isolation.obstacle

    def execute(self, jobs: list[Job], results: Results, describe: Callable[[dict], str]) -> None:
        """Makes the runs that `results` does not have yet."""
        remaining = [job for job in jobs if not results.has(job.key)]
        print(f"{len(remaining)} runs to make ({len(jobs) - len(remaining)} are there already), "
              f"about {duration(estimate(remaining))}", flush=True)
        started = time.monotonic()
        for number, job in enumerate(remaining, 1):
            entry = self._quietest(job)
            results.add(job.key, entry)
            left = (time.monotonic() - started) / number * (len(remaining) - number)
            text = f"ERROR {entry['error'].strip()}" if "error" in entry else describe(results.runs[job.key])
            print(f"[{number}/{len(remaining)}, {duration(left)} left] {job.title}: {text}", flush=True)

    def _quietest(self, job: Job) -> dict:
        """Makes a run, and again if it was disturbed; the one that was least."""
        best: dict = {}
        for attempt in range(1 + self._retries):
            entry = self.once(job)
            if not best or "error" in best or ("error" not in entry and disturbance(entry) < disturbance(best)):
                best = entry | {"attempts": attempt + 1}
            if "error" not in best and disturbance(best) <= self._most_others:
                break
        return best

    def once(self, job: Job) -> dict:
        """What a run came to; `error` in it if it failed."""
        with tempfile.TemporaryDirectory(prefix="tunstack-") as directory:
            task = {"benchmark": job.benchmark, "directory": directory, **self._common, **job.task}
            code, output = run_to_end(
                [*self._isolation.prefix, *self._command, json.dumps(task)], job.seconds + 60)
        lines = output.strip().splitlines()
        if code == 0 and lines:
            return json.loads(lines[-1])
        return {"error": f"exit code {code}: {output.strip()}"}
