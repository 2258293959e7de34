"""The namespaces of one run, and the emulated path between them.

    far            10.78.0.1 --- emulator --- 10.78.0.2   near   10.80.0.1 --- 10.80.0.2
    kernel's TCP   path0                      path0       forwards   stack0      the stack under examination

Every stack has the same hops: the one that brings a TUN device has it in `near`, the kernel has a namespace of its
own behind a pair of virtual Ethernet devices. Both hand over super-segments, if the stack makes any, which the
namespace `near` cuts up before the emulator's device, for that has no offloads: on the path, a packet is a packet.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path

from kernelpeer.host import Host

from benchlab.rooms import Rooms, last_object

FAR, NEAR = "far", "near"
FAR_ADDRESS, NEAR_ADDRESS = "10.78.0.1", "10.78.0.2"
PATH_DEVICE = "path0"
# The networks of the stacks: 10.80.0.0/24, 10.81.0.0/24 and so on.
STACK_NETWORKS = "10.80.0.0/12"
# Buffers do not bind: 300 Mbit/s at 100 ms and a full queue are 6 MB, and half of a buffer is overhead.
BUFFER = 16 << 20
SETTINGS = {
    "net/ipv4/tcp_rmem": f"4096 131072 {BUFFER}",
    "net/ipv4/tcp_wmem": f"4096 16384 {BUFFER}",
}
# Above everything else that runs: a packet that leaves late falsifies the delay.
PRIORITY = 20


class Slot:
    """The place of one stack under examination."""

    def __init__(self, number: int) -> None:
        self.device = f"stack{number}"
        self.namespace = f"stack{number}"
        self.gateway = f"10.{80 + number}.0.1"
        self.address = f"10.{80 + number}.0.2"


class Laboratory(Rooms):
    """Two namespaces with an emulated path between them."""

    def __init__(self, host: Host, programs: Path, path_options: list[str]) -> None:
        super().__init__(host, programs, SETTINGS)
        self.add_namespace(FAR)
        self.add_namespace(NEAR)
        self.set(NEAR, "net/ipv4/ip_forward", "1")
        self._path = host.start(str(programs / "path"), FAR, PATH_DEVICE, NEAR, PATH_DEVICE, f"priority={PRIORITY}",
                                *path_options)
        self._path.wait_for(r"^ready$")
        self.bring_up(FAR, PATH_DEVICE, FAR_ADDRESS)
        self.bring_up(NEAR, PATH_DEVICE, NEAR_ADDRESS)
        self.ip(FAR, "route", "add", STACK_NETWORKS, "via", NEAR_ADDRESS)

    # What is counted

    def kernel_counters(self, namespace: str) -> dict[str, int]:
        """The counters of the kernel's TCP in a namespace."""
        printed = self.require(namespace, "nstat", "--json", "--ignore", "--noupdate", "--zeros")
        return json.loads(printed)["kernel"]

    def device_drops(self) -> int:
        """Packets that a device dropped, which is for the emulator alone to do."""
        drops = 0
        for namespace in (FAR, NEAR):
            for link in json.loads(self.ip(namespace, "-j", "-s", "link", "show")):
                if link["ifname"] != "lo":
                    drops += link["stats64"]["tx"]["dropped"]
        return drops

    def end_path(self) -> dict:
        """Ends the emulator; what it counted, `a_to_b` from far to near."""
        self._path.signal(signal.SIGTERM)
        return last_object(self._path)
