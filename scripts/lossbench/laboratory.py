"""The namespaces of one run, and the emulated path between them.

    far            10.78.0.1 --- emulator --- 10.78.0.2   near   10.80.0.1 --- 10.80.0.2
    kernel's TCP   path0                      path0       forwards   stack0      the stack under examination

Every stack has the same hops: the one that brings a TUN device has it in `near`, the kernel has a namespace of its
own behind a pair of virtual Ethernet devices. Both hand over super-segments, if the stack makes any, which the
namespace `near` cuts up before the emulator's device, for that has no offloads: on the path, a packet is a packet.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

from kernelpeer.host import Host
from kernelpeer.process import Process
from kernelpeer.scenario import Failure, expect

FAR, NEAR = "far", "near"
FAR_ADDRESS, NEAR_ADDRESS = "10.78.0.1", "10.78.0.2"
PATH_DEVICE = "path0"
# The networks of the stacks: 10.80.0.0/24, 10.81.0.0/24 and so on.
STACK_NETWORKS = "10.80.0.0/12"
# The only queue that may drop is the emulator's; a TUN device has room for 500 packets unless told otherwise.
DEVICE_QUEUE = 10_000
# Buffers do not bind: 300 Mbit/s at 100 ms and a full queue are 6 MB, and half of a buffer is overhead.
BUFFER = 16 << 20
SETTINGS = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    "net/ipv4/tcp_no_metrics_save": "1",
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


class Laboratory:
    """Two namespaces with an emulated path between them."""

    def __init__(self, host: Host, programs: Path, path_options: list[str]) -> None:
        self.host = host
        self.programs = programs
        # `ip netns` keeps its names in /run, which nobody outside shall see.
        host.require("mount", "-t", "tmpfs", "tmpfs", "/run")
        self.add_namespace(FAR)
        self.add_namespace(NEAR)
        self.set(NEAR, "net/ipv4/ip_forward", "1")
        self._path = host.start(str(programs / "path"), FAR, PATH_DEVICE, NEAR, PATH_DEVICE, f"priority={PRIORITY}",
                                *path_options)
        self._path.wait_for(r"^ready$")
        self.bring_up(FAR, PATH_DEVICE, FAR_ADDRESS)
        self.bring_up(NEAR, PATH_DEVICE, NEAR_ADDRESS)
        self.ip(FAR, "route", "add", STACK_NETWORKS, "via", NEAR_ADDRESS)

    # Namespaces

    def add_namespace(self, name: str) -> None:
        self.host.require("ip", "netns", "add", name)
        self.ip(name, "link", "set", "lo", "up")
        for setting, value in SETTINGS.items():
            self.set(name, setting, value)

    def set(self, namespace: str, setting: str, value: str) -> None:
        """Gives a setting under /proc/sys its value."""
        self.host.require(*_inside(namespace), "sh", "-c", 'test ! -e "$0" || printf "%s" "$1" > "$0"',
                          f"/proc/sys/{setting}", value)

    def ip(self, namespace: str, *arguments: str) -> str:
        return self.host.require("ip", "-n", namespace, *arguments)

    def bring_up(self, namespace: str, device: str, address: str) -> None:
        self.ip(namespace, "link", "set", "dev", device, "txqueuelen", str(DEVICE_QUEUE), "mtu", "1500")
        self.ip(namespace, "address", "add", f"{address}/24", "dev", device)
        self.ip(namespace, "link", "set", "dev", device, "up")

    def start(self, namespace: str, program: str, *arguments: str) -> Process:
        """Starts a program, one of the peers unless it is a path."""
        return self.host.start(*_inside(namespace), str(self.programs / program), *arguments)

    def run(self, namespace: str, *command: str, timeout: float = 20) -> subprocess.CompletedProcess:
        return self.host.run(*_inside(namespace), *command, timeout=timeout)

    # What is counted

    def kernel_counters(self, namespace: str) -> dict[str, int]:
        """The counters of the kernel's TCP in a namespace."""
        printed = self.host.require(*_inside(namespace), "nstat", "--json", "--ignore", "--noupdate", "--zeros")
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


def _inside(namespace: str) -> list[str]:
    return ["ip", "netns", "exec", namespace]


def last_object(process: Process, timeout: float = 10) -> dict:
    """What a program says in JSON at its end, which is waited for."""
    code = process.wait(timeout)
    objects = re.findall(r"^\{.*\}$", process.output, re.MULTILINE)
    expect(objects, f"`{process.title}` ended with {code} and without a result")
    try:
        return json.loads(objects[-1])
    except ValueError:
        raise Failure(f"`{process.title}` printed no JSON: {objects[-1]}") from None
