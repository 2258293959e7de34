"""One run, inside its namespaces."""

from __future__ import annotations

import os
from pathlib import Path

from kernelpeer.host import Host
from kernelpeer.scenario import expect

from benchlab.load import Load, processor_seconds
from benchlab.rooms import last_object
from speedbench.catalogue import BULK, RAW, Test, configuration_called, test_called
from speedbench.room import CLIENT, CLIENT_ADDRESS, DEVICE, SERVER_ADDRESS, Room
from speedbench.stacks import Running, stack_of

# What a client may take beyond what it was told.
PATIENCE_SECONDS = 30


def body(host: Host, task: dict) -> dict:
    """Measures, and returns what is kept of it."""
    test, seconds = test_called(task["test"]), task["seconds"]
    if test.one_core:
        # All that is started from now on stays there.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    room = Room(host, Path(task["programs"]))
    if task["configuration"] == RAW:
        return _ceiling(room, test, seconds)
    return _run(room, stack_of(configuration_called(task["configuration"])).start(room), test, seconds)


def _run(room: Room, running: Running, test: Test, seconds: float) -> dict:
    arguments = [str(running.server.pid) if argument == "PID" else argument for argument in test.arguments]
    load = Load()
    server = processor_seconds(running.server.pid)
    helpers = sum(processor_seconds(helper.pid) for helper in running.helpers)
    measured = last_object(room.client(test.client_test, str(seconds), *arguments), seconds + PATIENCE_SECONDS)
    measured |= load.by_others() | {
        "machine_seconds": load.machine_seconds(),
        "server_seconds": round(processor_seconds(running.server.pid) - server, 2),
        "helper_seconds": round(sum(processor_seconds(helper.pid) for helper in running.helpers) - helpers, 2),
    }
    expect(processor_seconds(running.server.pid) > 0, "the server has ended")
    if test.name in BULK and measured.get("bytes"):
        gigabytes = measured["bytes"] / 1e9
        measured["server_per_gb"] = round(measured["server_seconds"] / gigabytes, 4)
        measured["machine_per_gb"] = round(measured["machine_seconds"] / gigabytes, 4)
    return measured


def _ceiling(room: Room, test: Test, seconds: float) -> dict:
    """Frames through the device, with no TCP behind it."""
    direction, _, size = test.name.partition("-")
    mode = "offloads" if size == "64k" else "plain"
    room.add_tun(CLIENT, CLIENT_ADDRESS, size == "64k")
    load = Load()
    device = room.start(CLIENT, "ceiling", direction, DEVICE, str(seconds), mode)
    if direction == "read":
        device.wait_for(r"^ready$")
        room.start(CLIENT, "ceiling", "send", SERVER_ADDRESS, str(seconds + 0.5), mode)
    return last_object(device, seconds + PATIENCE_SECONDS) | load.by_others()
