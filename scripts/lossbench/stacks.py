"""How each implementation is started as the stack under examination, and what it counts."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

from kernelpeer.scenario import expect

from benchlab import programs
from benchlab.rooms import DEVICE_QUEUE, last_object
from lossbench.laboratory import NEAR, Laboratory, Slot

SOURCE_PORT, SINK_PORT = 19, 9


class Stack:
    """A stack with one service: it sends without end, or throws away what it gets."""

    # The program that it needs beside `tunstack`, a key of `programs.PROGRAMS`.
    program: str | None = None

    def __init__(self, control: str) -> None:
        """`control` is the congestion control, empty for the stack's own choice."""
        self.control = control

    def obstacle(self, binary: str) -> str | None:
        """Why it cannot be measured here, if so; `binary` is the `tunstack`."""
        packages = programs.missing_packages(self.program) if self.program else []
        return f"needs {', '.join(packages)} (scripts/setup-host --bench)" if packages else None

    def start(self, laboratory: Laboratory, slot: Slot, sends: bool) -> None:
        """Brings it up, listening."""
        raise NotImplementedError

    def finish(self) -> dict:
        """Ends it, after its connection has ended. What it counted: `timeouts` are retransmission timeouts."""
        raise NotImplementedError


class Tunstack(Stack):
    def obstacle(self, binary: str) -> str | None:
        if not self.control:
            return None
        help_text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True).stdout
        return None if "--congestion" in help_text else "this tunstack has no --congestion"

    def start(self, laboratory: Laboratory, slot: Slot, sends: bool) -> None:
        service = ("chargen", SOURCE_PORT) if sends else ("discard", SINK_PORT)
        options = ["--congestion", self.control] if self.control else []
        self._process = laboratory.start(
            NEAR, laboratory.host.binary, f"--{service[0]}", str(service[1]), "--tun", slot.device,
            "--host-address", f"{slot.gateway}/24", "--address", slot.address, *options)
        self._process.wait_for("listening on", timeout=20)
        laboratory.ip(NEAR, "link", "set", "dev", slot.device, "txqueuelen", str(DEVICE_QUEUE))

    def finish(self) -> dict:
        self._process.signal(signal.SIGINT)
        code = self._process.wait(timeout=20)
        expect(code == 0, f"tunstack ended with {code} after SIGINT, not with 0")
        counters = {}
        for name, pattern in (("retransmitted", r"retransmitted (\d+)"), ("timeouts", r"time-?outs?:? (\d+)")):
            match = re.search(pattern, self._process.output)
            counters[name] = int(match.group(1)) if match else None
        return counters


class Kernel(Stack):
    program = "kernel"

    def obstacle(self, binary: str) -> str | None:
        available = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
        if self.control not in available.read_text().split():
            try:
                subprocess.run(["modprobe", f"tcp_{self.control}"], capture_output=True)
            except OSError:
                pass  # No modprobe: what is not built in cannot be had.
        if self.control not in available.read_text().split():
            return f"this kernel has no {self.control}, and `modprobe tcp_{self.control}` brings none"
        return super().obstacle(binary)

    def start(self, laboratory: Laboratory, slot: Slot, sends: bool) -> None:
        self._laboratory, self._namespace = laboratory, slot.namespace
        laboratory.add_namespace(slot.namespace)
        laboratory.ip(NEAR, "link", "add", slot.device, "type", "veth", "peer", "name", "wire0", "netns",
                      slot.namespace)
        laboratory.bring_up(NEAR, slot.device, slot.gateway)
        laboratory.bring_up(slot.namespace, "wire0", slot.address)
        laboratory.ip(slot.namespace, "route", "add", "default", "via", slot.gateway)
        role, port = ("source", SOURCE_PORT) if sends else ("sink", SINK_PORT)
        self._process = laboratory.start(
            slot.namespace, "kernel", role, slot.address, str(port), self.control)
        self._process.wait_for(r"^ready$")

    def finish(self) -> dict:
        counters = last_object(self._process)
        return counters | kernel_recovery(self._laboratory.kernel_counters(self._namespace))


class Lwip(Stack):
    program = "lwip"

    def start(self, laboratory: Laboratory, slot: Slot, sends: bool) -> None:
        _add_device(laboratory, slot)
        self._process = laboratory.start(NEAR, "lwip", slot.device, slot.address, slot.gateway, "plain")
        self._process.wait_for(r"^ready$")

    def finish(self) -> dict:
        self._process.signal(signal.SIGTERM)
        self._process.wait()
        return {"timeouts": None}


class Gvisor(Stack):
    program = "gvisor"

    def start(self, laboratory: Laboratory, slot: Slot, sends: bool) -> None:
        _add_device(laboratory, slot)
        self._process = laboratory.start(NEAR, "gvisor", slot.device, slot.address, self.control, "plain")
        self._process.wait_for(r"^ready$")

    def finish(self) -> dict:
        self._process.signal(signal.SIGTERM)
        return last_object(self._process)


def kernel_recovery(counters: dict[str, int]) -> dict:
    """What the kernel's counters say about its recovery."""
    names = {"timeouts": "TcpExtTCPTimeouts", "probes": "TcpExtTCPLossProbes", "spurious": "TcpExtTCPSpuriousRTOs",
             "undone": "TcpExtTCPDSACKUndo", "segments_retransmitted": "TcpRetransSegs"}
    return {name: counters.get(counter) for name, counter in names.items()}


def _add_device(laboratory: Laboratory, slot: Slot) -> None:
    laboratory.ip(NEAR, "tuntap", "add", "dev", slot.device, "mode", "tun")
    laboratory.bring_up(NEAR, slot.device, slot.gateway)


FAMILIES = {"tunstack": Tunstack, "kernel": Kernel, "lwip": Lwip, "gvisor": Gvisor}


def stack_called(name: str) -> Stack:
    """A stack by its name: `kernel-cubic`, `tunstack`. The kernel's congestion control is always set, on each socket:
    a namespace has its host's default."""
    family, _, control = name.partition("-")
    return FAMILIES[family](control or ("cubic" if family == "kernel" else ""))
