"""Making runs: several at a time where the machine carries them, and again those that were disturbed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator

from kernelpeer.isolation import Isolation

from benchlab.job import Job
from benchlab.results import Results

# What a run takes beside its measurement: namespaces, starting, ending.
OVERHEAD_SECONDS = 1.0
POLL_SECONDS = 0.05
# Shares are sums of fractions.
FULL = 1.001


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


class Running:
    """A run under way, in namespaces of its own, which end with it."""

    def __init__(self, job: Job, command: list[str], task: dict) -> None:
        self.job = job
        self._directory = tempfile.TemporaryDirectory(prefix="tunstack-")
        self._printed = tempfile.TemporaryFile("w+", errors="replace")
        self._deadline = time.monotonic() + job.seconds + 60
        # A session of its own: Ctrl-C reaches the runner alone.
        self._child = subprocess.Popen(
            [*command, json.dumps(task | {"directory": self._directory.name})], stdin=subprocess.DEVNULL,
            stdout=self._printed, stderr=subprocess.STDOUT, start_new_session=True)

    def result(self) -> dict | None:
        """What it came to, with `error` if it failed; None while it goes on."""
        code = self._child.poll()
        if code is None:
            if time.monotonic() > self._deadline:
                self._child.kill()
            return None
        self._printed.seek(0)
        output = self._printed.read().strip()
        self.end()
        if code == 0 and output:
            return json.loads(output.splitlines()[-1])
        return {"error": f"exit code {code}: {output}"}

    def end(self) -> None:
        """Ends it, if it has not ended, and clears away."""
        self._child.kill()
        self._child.wait()
        self._printed.close()
        self._directory.cleanup()


class Executor:
    """Makes runs, each in namespaces of its own."""

    def __init__(self, program: Path, programs: Path, binary: str, retries: int,
                 disturbance: Callable[[dict], float], parallel: int = 1) -> None:
        """`program` is scripts/bench, `programs` where the compiled peers are, `binary` the `tunstack`; `retries`: how
        often a run is made anew when its `disturbance` was above 1; `parallel`: the most at a time."""
        self._isolation = Isolation()
        self._command = [*self._isolation.prefix, sys.executable, "-B", str(program), "inside"]
        self._common = {"programs": str(programs), "binary": binary}
        self._retries, self._disturbance, self._parallel = retries, disturbance, parallel
        self._best: dict[tuple, dict] = {}

    @property
    def obstacle(self) -> str | None:
        return self._isolation.obstacle

    def execute(self, jobs: list[Job], results: Results, describe: Callable[[dict], str]) -> None:
        """Makes the runs that `results` does not have yet."""
        remaining = [job for job in jobs if not results.has(job.key)]
        total, done = self.estimate(remaining), 0.0
        print(f"{len(remaining)} runs to make ({len(jobs) - len(remaining)} are there already), "
              f"about {duration(total)}", flush=True)
        started = time.monotonic()
        for number, (job, entry) in enumerate(self._results(remaining), 1):
            results.add(job.key, entry)
            done += self._cost(job)
            left = (time.monotonic() - started) / done * (total - done)
            text = f"ERROR {entry['error'].strip()}" if "error" in entry else describe(results.runs[job.key])
            print(f"[{number}/{len(remaining)}, {duration(left)} left] {job.title}: {text}", flush=True)

    def once(self, job: Job) -> dict:
        """What a run came to; `error` in it if it failed."""
        running = self._start(job)
        try:
            while (entry := running.result()) is None:
                time.sleep(POLL_SECONDS)
            return entry
        finally:
            running.end()

    def _start(self, job: Job) -> Running:
        return Running(job, self._command, {"benchmark": job.benchmark, **self._common, **job.task})

    def _cost(self, job: Job) -> float:
        """Seconds of the whole machine."""
        return (job.seconds + OVERHEAD_SECONDS) * max(job.share, 1 / self._parallel)

    def estimate(self, jobs: list[Job]) -> float:
        """How many seconds the runs take."""
        return sum(self._cost(job) for job in jobs)

    def _results(self, jobs: list[Job]) -> Iterator[tuple[Job, dict]]:
        """Makes all runs, each as soon as the machine has room for it; those again that were disturbed, at the end."""
        waiting, running = list(jobs), list[Running]()
        try:
            while waiting or running:
                taken = sum(each.job.share for each in running)
                fits = (job for job in waiting if len(running) < self._parallel and taken + job.share <= FULL)
                if fitting := next(fits, None):
                    waiting.remove(fitting)
                    running.append(self._start(fitting))
                    continue
                time.sleep(POLL_SECONDS)
                for each in list(running):
                    entry = each.result()
                    if entry is None:
                        continue
                    running.remove(each)
                    if self._is_final(each.job, entry):
                        yield each.job, self._best[each.job.key]
                    else:
                        waiting.append(each.job)
        finally:
            for each in running:
                each.end()

    def _is_final(self, job: Job, entry: dict) -> bool:
        """Takes note of an attempt, of which the quietest counts. Whether it was the last."""
        if "error" not in entry:
            entry["disturbance"] = round(self._disturbance(entry), 2)
        best = self._best.get(job.key)
        attempts = best["attempts"] + 1 if best else 1
        if not best or "error" in best or "error" not in entry and entry["disturbance"] < best["disturbance"]:
            best = entry
        self._best[job.key] = best | {"attempts": attempts}
        return attempts > self._retries or "error" not in best and best["disturbance"] <= 1
