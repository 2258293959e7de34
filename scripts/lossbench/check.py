"""Is the emulator itself right? The kernel at both ends, and figures that follow from the options."""

from __future__ import annotations

import re
import statistics
import sys
from pathlib import Path
from typing import Callable, NamedTuple

from kernelpeer.host import Host

from benchlab.executor import Executor
from benchlab.job import Job
from lossbench.cells import BURST, RATE_MBIT, SEND, Cell
from lossbench.laboratory import FAR, NEAR_ADDRESS, Laboratory
from lossbench.lineups import Lineup
from lossbench.measure import measure

PINGS = 4000
# Of a TCP segment with timestamps on a path with an MTU of 1500, what is data.
DATA_SHARE = 1448 / 1500


class Outcome(NamedTuple):
    right: bool
    detail: str


def _ping(host: Host, programs: Path, options: list[str], count: int, interval: float) -> tuple[list[int], str, dict]:
    """Pings through a path; which numbers came back, what ping summed up, and what the emulator counted."""
    laboratory = Laboratory(host, programs, options)
    # Without -l, ping waits for an answer before it sends the next one that soon.
    result = laboratory.run(FAR, "ping", "-n", "-c", str(count), "-i", str(interval), "-W", "1", "-l", "3",
                            NEAR_ADDRESS, timeout=60)
    printed = result.stdout.decode()
    return [int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", printed)], printed, laboratory.end_path()


def round_trip(rtt_ms: int) -> Callable[[Host, Path], Outcome]:
    """The mean round-trip time is what was asked for."""
    def check(host: Host, programs: Path) -> Outcome:
        _, printed, path = _ping(host, programs, Cell(SEND, rtt_ms).path_options(1), 100, 0.01)
        least, mean, most = (float(value) for value in re.search(r"= ([\d.]+)/([\d.]+)/([\d.]+)/", printed).groups())
        late = path["a_to_b"]["late_max_us"], path["b_to_a"]["late_max_us"]
        return Outcome(rtt_ms <= least and mean < rtt_ms + 0.5,
                       f"{least}/{mean}/{most} ms (least/mean/most), late at most {max(late)} us")
    return check


def jitter(host: Host, programs: Path) -> Outcome:
    """Jitter stays in its range, and uses it."""
    _, printed, _ = _ping(host, programs, Cell(SEND, 20, jitter=True).path_options(1), 300, 0.01)
    least, mean, most = (float(value) for value in re.search(r"= ([\d.]+)/([\d.]+)/([\d.]+)/", printed).groups())
    return Outcome(20 <= least < 21.5 and 21 < mean < 23 and most < 25, f"{least}/{mean}/{most} ms of 20 to 24")


def _losses(answered: list[int]) -> list[int]:
    return sorted(set(range(1, PINGS + 1)) - set(answered))


def loss(percent: float) -> Callable[[Host, Path], Outcome]:
    """The share of lost packets is what was asked for, within what chance allows, and ping sees what was counted."""
    def check(host: Host, programs: Path) -> Outcome:
        # Loss on the way back: the number of a ping is then the number of its packet.
        answered, _, path = _ping(host, programs, [f"loss=0,{percent / 100}", "seed=1"], PINGS, 0.001)
        lost, expected = len(_losses(answered)), PINGS * percent / 100
        counted = path["b_to_a"]["lost"]
        return Outcome(abs(lost - expected) < 4 * expected ** 0.5 and lost == counted,
                       f"{lost} of {PINGS} pings lost, {counted} counted; first {_losses(answered)[:6]}")
    return check


def bursts(host: Host, programs: Path) -> Outcome:
    """Bursts of five packets in the mean."""
    options = [f"{name}=0,{value}" for name, value in BURST.items()]
    answered, _, _ = _ping(host, programs, [*options, "seed=1"], PINGS, 0.001)
    lost = _losses(answered)
    begun = sum(number - 1 not in lost for number in lost)
    mean = len(lost) / max(1, begun)
    return Outcome(2 < mean < 10, f"{len(lost)} of {PINGS} lost in {begun} bursts, {mean:.1f} packets each")


def reordering(host: Host, programs: Path) -> Outcome:
    """A twentieth of the packets is overtaken."""
    options = ["reordering=0,0.05", "reordering-delay=5", "delay=1", "seed=1"]
    answered, _, path = _ping(host, programs, options, PINGS, 0.001)
    overtaken = sum(later < earlier for earlier, later in zip(answered, answered[1:]))
    held_back = path["b_to_a"]["reordered"]
    return Outcome(abs(held_back - PINGS / 20) < 4 * (PINGS / 20) ** 0.5 and overtaken > held_back / 2,
                   f"{held_back} of {PINGS} held back, {overtaken} places out of order")


def rate(host: Host, programs: Path) -> Outcome:
    """Once it is up to speed, TCP gets what the bottleneck lets through."""
    run = measure(host, programs, Cell(SEND, 20), Lineup(("kernel-cubic",)), 1, 4)
    slices = run["flows"][0]["slices_mbit"]
    steady = statistics.median(slices[len(slices) // 2:])
    expected = RATE_MBIT * DATA_SHARE
    path = run["path"]
    return Outcome(abs(steady / expected - 1) < 0.01,
                   f"{steady:.1f} Mbit/s of {expected:.1f}; the emulator used {path['cpu_seconds']} s of processor in "
                   f"4 s; packets left {path['late_mean_us']} us late in the mean")


CASES: dict[str, Callable[[Host, Path], Outcome]] = {
    **{f"round trip {rtt} ms": round_trip(rtt) for rtt in (2, 20, 100)},
    "jitter": jitter,
    **{f"loss {percent} %": loss(percent) for percent in (1, 3)},
    "bursts": bursts,
    "reordering": reordering,
    "rate": rate,
}


def run_all(program: Path, programs: Path) -> int:
    """Runs every case, those of chance twice: they must come out the same. The exit code."""
    executor = Executor(program, programs, "", retries=0, disturbance=lambda entry: 0)
    if executor.obstacle:
        print(f"cannot measure here: {executor.obstacle}", file=sys.stderr)
        return 2
    wrong = 0
    for name in CASES:
        outcomes = [_once(executor, name) for _ in range(2 if "loss" in name else 1)]
        right = all(outcome.right for outcome in outcomes) and len(set(outcomes)) == 1
        wrong += not right
        details = " / then: ".join(dict.fromkeys(outcome.detail for outcome in outcomes))
        print(f"{'right' if right else 'WRONG'}  {name}: {details}", flush=True)
    return 1 if wrong else 0


def _once(executor: Executor, case: str) -> Outcome:
    entry = executor.once(Job((case,), "path", {"case": case}, 30, case))
    return Outcome(False, entry["error"]) if "error" in entry else Outcome(**entry)


def body(host: Host, task: dict) -> dict:
    """A case inside its namespaces."""
    return CASES[task["case"]](host, Path(task["programs"]))._asdict()
