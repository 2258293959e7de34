"""Network namespaces of one run, and what happens in them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from kernelpeer.host import Host
from kernelpeer.process import Process
from kernelpeer.scenario import Failure, expect

# A TUN device has room for 500 packets unless told otherwise.
DEVICE_QUEUE = 10_000
SETTINGS = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    "net/ipv4/tcp_no_metrics_save": "1",
}


class Rooms:
    """The namespaces of a run. They end with it."""

    def __init__(self, host: Host, programs: Path, settings: dict[str, str]) -> None:
        """`programs` is where the compiled peers are, `settings` what is set under /proc/sys in every room."""
        self.host = host
        self.programs = programs
        self._settings = SETTINGS | settings
        # `ip netns` keeps its names in /run, which nobody outside shall see.
        host.require("mount", "-t", "tmpfs", "tmpfs", "/run")

    def add_namespace(self, name: str) -> None:
        self.host.require("ip", "netns", "add", name)
        self.ip(name, "link", "set", "lo", "up")
        for setting, value in self._settings.items():
            self.set(name, setting, value)

    def set(self, namespace: str, setting: str, value: str) -> None:
        """Gives a setting under /proc/sys its value."""
        self.host.require(*_inside(namespace), "sh", "-c", 'test ! -e "$0" || printf "%s" "$1" > "$0"',
                          f"/proc/sys/{setting}", value)

    def ip(self, namespace: str, *arguments: str) -> str:
        return self.host.require("ip", "-n", namespace, *arguments)

    def bring_up(self, namespace: str, device: str, address: str, queue: int = DEVICE_QUEUE) -> None:
        self.ip(namespace, "link", "set", "dev", device, "txqueuelen", str(queue), "mtu", "1500")
        self.ip(namespace, "address", "add", f"{address}/24", "dev", device)
        self.ip(namespace, "link", "set", "dev", device, "up")

    def start(self, namespace: str, program: str, *arguments: str) -> Process:
        """Starts a program, one of the peers unless it is a path."""
        return self.host.start(*_inside(namespace), str(self.programs / program), *arguments)

    def run(self, namespace: str, *command: str, timeout: float = 20) -> subprocess.CompletedProcess:
        return self.host.run(*_inside(namespace), *command, timeout=timeout)

    def require(self, namespace: str, *command: str, timeout: float = 20) -> str:
        """Runs a command, which must succeed, and returns what it printed."""
        return self.host.require(*_inside(namespace), *command, timeout=timeout)


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
