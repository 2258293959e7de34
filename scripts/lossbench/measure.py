"""One run, inside its namespaces."""

from __future__ import annotations

from pathlib import Path

from kernelpeer.host import Host
from kernelpeer.process import Process

from benchlab.rooms import last_object
from lossbench.cells import RECEIVE, Cell
from lossbench.disturbance import Standstill, disturbance
from lossbench.laboratory import FAR, FAR_ADDRESS, Laboratory, Slot
from lossbench.lineups import Lineup
from lossbench.stacks import SINK_PORT, SOURCE_PORT, kernel_recovery, stack_called


def measure(host: Host, programs: Path, cell: Cell, lineup: Lineup, seed: int, base_seconds: float) -> dict:
    """Measures, and returns what is kept of it.

    Each flow is one connection between a stack and a kernel socket in `far`, which counts for a fixed time from the
    moment when it is connected: the first seconds, in which a sender finds the rate of the path, count too.
    """
    seconds = cell.seconds(base_seconds)
    laboratory = Laboratory(host, programs, cell.path_options(seed))
    sends = cell.test != RECEIVE
    stacks = [stack_called(name) for name in lineup.stacks]
    slots = [Slot(number) for number in range(len(stacks))]
    for stack, slot in zip(stacks, slots):
        stack.start(laboratory, slot, sends)
    before = kernel_recovery(laboratory.kernel_counters(FAR))
    standstill = Standstill()
    clients = [_client(laboratory, slot, sends, lineup, seconds) for slot in slots]
    measured = [last_object(client, timeout=seconds + 20) for client in clients]
    shares = standstill.shares()
    drops = laboratory.device_drops()
    counted = [stack.finish() for stack in stacks]
    if not sends:
        after = kernel_recovery(laboratory.kernel_counters(FAR))
        counted = [{name: after[name] - before[name] for name in after}]
    path = laboratory.end_path()
    result = _result(cell, lineup, slots, measured, counted, path) | shares | {"device_dropped": drops}
    return result if "error" in result else result | {"disturbance": disturbance(cell, result)}


def _client(laboratory: Laboratory, slot: Slot, sends: bool, lineup: Lineup, seconds: float) -> Process:
    if sends:
        return laboratory.start(FAR, "kernel", "receive", slot.address, str(SOURCE_PORT), "cubic", str(seconds))
    control = lineup.far_sender.partition("-")[2]
    return laboratory.start(FAR, "kernel", "send", slot.address, str(SINK_PORT), control, str(seconds))


def _result(cell: Cell, lineup: Lineup, slots: list[Slot], measured: list[dict], counted: list[dict],
            path: dict) -> dict:
    errors = [client["error"] for client in measured if "error" in client]
    if errors:
        return {"error": "; ".join(errors)}
    data = path["a_to_b" if cell.test == RECEIVE else "b_to_a"]
    if data["overflowed"] or data["refused"]:
        return {"error": f"the emulator could not carry everything: {data}"}
    flows = []
    for name, slot, client, own in zip(lineup.stacks, slots, measured, counted):
        source = FAR_ADDRESS if cell.test == RECEIVE else slot.address
        seen = [flow for flow in data["flows"] if flow["source"] == source]
        flows.append({
            "stack": name,
            "goodput_mbit": round(client["bytes"] * 8 / client["seconds"] / 1e6, 3),
            "segments": sum(flow["segments"] for flow in seen),
            "retransmitted": sum(flow["repeated"] for flow in seen),
            "longest_silence_ms": max((flow["longest_silence_ms"] for flow in seen), default=None),
            "timeouts": own.get("timeouts"),
            "own_counters": own,
            "slices_mbit": client["slices_mbit"],
        })
    shares = [flow["goodput_mbit"] for flow in flows]
    kept = ("in", "lost", "queue_dropped", "reordered", "longest_queue", "late_mean_us", "late_max_us")
    return {
        "goodput_mbit": round(sum(shares), 3),
        "jain": round(sum(shares) ** 2 / (len(shares) * sum(s * s for s in shares)), 4) if any(shares) else None,
        "flows": flows,
        "path": {name: data[name] for name in kept} | {"cpu_seconds": path["cpu_seconds"]},
    }
