"""Doing the runs: several at a time where the machine can carry them, and again where it was disturbed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator

from kernelpeer.isolation import Isolation

from lossbench.disturbance import disturbance
from lossbench.expectation import expected_mbit
from lossbench.plan import Run, duration
from lossbench.results import Results

# What the emulator and the stacks carry together, in time, for each processor.
MBIT_PER_PROCESSOR = 170
# What a run costs however little it sends.
LEAST_MBIT = 10
# What a run takes beside its measurement: namespaces, starting, ending.
OVERHEAD_SECONDS = 1.2
POLL_SECONDS = 0.05


class Running:
    """A run under way, in namespaces of its own, which end with it."""

    def __init__(self, run: Run, command: list[str], task: dict, seconds: float) -> None:
        self.run = run
        self._directory = tempfile.TemporaryDirectory(prefix="tunstack-")
        self._printed = tempfile.TemporaryFile("w+", errors="replace")
        self._deadline = time.monotonic() + seconds + 60
        # A session of its own: Ctrl-C reaches the runner alone.
        self._child = subprocess.Popen(
            [*command, json.dumps(task | {"directory": self._directory.name})], stdin=subprocess.DEVNULL,
            stdout=self._printed, stderr=subprocess.STDOUT, start_new_session=True)

    def result(self) -> dict | None:
        """What came of it; None while it goes on."""
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
    """Makes runs."""

    def __init__(self, program: Path, programs: Path, binary: str, base_seconds: float, retries: int,
                 parallel: int) -> None:
        """`retries`: how often a run is made anew when it was disturbed. `parallel`: the most at a time."""
        self._isolation = Isolation()
        self._command = [*self._isolation.prefix, sys.executable, "-B", str(program), "inside"]
        self._programs, self._binary, self._base_seconds = programs, binary, base_seconds
        self._retries, self._parallel = retries, parallel
        self._capacity = MBIT_PER_PROCESSOR * (os.cpu_count() or 1)
        self._best: dict[Run, dict] = {}

    @property
    def obstacle(self) -> str | None:
        return self._isolation.obstacle

    def execute(self, runs: list[Run], results: Results) -> None:
        """Makes the runs that `results` does not have yet."""
        remaining = [run for run in runs if not results.has(run.key)]
        seconds = self.estimate(remaining)
        print(f"{len(remaining)} runs to make ({len(runs) - len(remaining)} are there already), "
              f"about {duration(seconds)}", flush=True)
        started, total = time.monotonic(), max(seconds, 1)
        made = 0
        for run, entry in self._results(remaining):
            made += 1
            results.add(run.key, entry)
            total -= self._cost(run)
            done = seconds - total
            left = (time.monotonic() - started) / max(done, 1) * total
            print(f"[{made}/{len(remaining)}, {duration(left)} left] {run.cell.name:30} {run.lineup.name:30} "
                  f"seed {run.seed}: {describe(entry)}", flush=True)

    # How many at a time

    def _share(self, run: Run) -> float:
        """The part of the machine that a run takes, at most the whole."""
        return min(1, (expected_mbit(run.cell, run.lineup) + LEAST_MBIT) / self._capacity)

    def _cost(self, run: Run) -> float:
        """Seconds of the whole machine."""
        seconds = run.cell.seconds(self._base_seconds) + OVERHEAD_SECONDS
        return seconds * max(self._share(run), 1 / self._parallel)

    def estimate(self, runs: list[Run]) -> float:
        """How many seconds the runs take."""
        return sum(self._cost(run) for run in runs)

    def _results(self, runs: list[Run]) -> Iterator[tuple[Run, dict]]:
        """Makes all runs, each as soon as the machine has room for it, those again that were disturbed at the end."""
        waiting, running = list(runs), list[Running]()
        try:
            while waiting or running:
                taken = sum(self._share(job.run) for job in running)
                fits = (run for run in waiting if len(running) < self._parallel and taken + self._share(run) <= 1)
                fitting = next(fits, None)
                if fitting:
                    waiting.remove(fitting)
                    running.append(self._start(fitting))
                    continue
                time.sleep(POLL_SECONDS)
                for job in list(running):
                    entry = job.result()
                    if entry is None:
                        continue
                    running.remove(job)
                    if self._is_final(job.run, entry):
                        yield job.run, self._best[job.run]
                    else:
                        waiting.append(job.run)
        finally:
            for job in running:
                job.end()

    def _start(self, run: Run) -> Running:
        task = {"cell": vars(run.cell), "lineup": run.lineup.name, "seed": run.seed, "seconds": self._base_seconds,
                "binary": self._binary, "programs": str(self._programs)}
        return Running(run, self._command, task, run.cell.seconds(self._base_seconds))

    def _is_final(self, run: Run, entry: dict) -> bool:
        """Takes note of an attempt, of which the quietest counts. Whether it was the last."""
        if "error" not in entry:
            entry["disturbance"] = disturbance(run.cell, entry)
        best = self._best.get(run)
        attempts = best["attempts"] + 1 if best else 1
        if not best or "error" in best or "error" not in entry and entry["disturbance"] < best["disturbance"]:
            best = entry
        self._best[run] = best | {"attempts": attempts}
        return attempts > self._retries or "error" not in best and best["disturbance"] <= 1


def describe(entry: dict) -> str:
    """A run in a line."""
    if "error" in entry:
        return "ERROR " + entry["error"].strip()
    flows = " + ".join(f"{flow['goodput_mbit']:.1f}" for flow in entry["flows"])
    counts = ", ".join(f"{flow['retransmitted']} again, {'?' if flow['timeouts'] is None else flow['timeouts']} RTO"
                       for flow in entry["flows"])
    path = entry["path"]
    line = f"{flows} Mbit/s, {counts}, {path['lost']} lost, {path['queue_dropped']} dropped"
    if entry["device_dropped"]:
        line += f" ({entry['device_dropped']} dropped by a device, where only the emulator should)"
    if entry["disturbance"] > 1:
        line += (f" (disturbed in each of {entry['attempts']} attempts: packets left {path['late_mean_us']} us late in "
                 f"the mean, {entry['waited_share']:.0%} of the time waited, "
                 f"{entry['stolen_share']:.0%} of the processors taken away)")
    return line
