"""How each configuration is started. All serve discard, source and echo at 10.77.0.2."""

from __future__ import annotations

import shutil
import subprocess
from typing import NamedTuple

from kernelpeer.process import Process

from benchlab import programs
from speedbench.catalogue import Configuration
from speedbench.room import CLIENT, CLIENT_ADDRESS, DEVICE, SERVER, SERVER_ADDRESS, Room

PORTS = {"discard": 9, "chargen": 19, "echo": 9877}
HOST = f"{CLIENT_ADDRESS}/24"


class Running(NamedTuple):
    """A stack that serves."""

    server: Process
    # What else works for it: the pump between two TUN devices.
    helpers: tuple[Process, ...] = ()


class Stack:
    """A configuration's stack."""

    # The programs that it needs beside `tunstack`, keys of `programs.PROGRAMS`.
    programs: tuple[str, ...] = ()

    def __init__(self, configuration: Configuration) -> None:
        self.offloads, self.variant = configuration.offloads, configuration.variant

    def obstacle(self, binary: str) -> str | None:
        """Why it cannot be measured here, if so; `binary` is the `tunstack`."""
        packages = [package for program in self.programs for package in programs.missing_packages(program)]
        return f"needs {', '.join(packages)} (scripts/setup-host --bench)" if packages else None

    def prepare(self) -> None:
        """Compiles what it needs. Raises `subprocess.CalledProcessError`."""
        programs.build_all(self.programs)

    def start(self, room: Room) -> Running:
        """Brings it up, serving, with the client's addresses on the device."""
        raise NotImplementedError

    @property
    def _mode(self) -> str:
        return "offloads" if self.offloads else "plain"


class Tunstack(Stack):
    def obstacle(self, binary: str) -> str | None:
        if not self.variant:
            return None
        help_text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True).stdout
        option = self.variant.split()[0]
        return None if option in help_text else f"this tunstack has no {option}"

    def start(self, room: Room) -> Running:
        services = [part for name, port in PORTS.items() for part in (f"--{name}", str(port))]
        options = [] if self.offloads else ["--no-offload"]
        options += self.variant.split()
        server = room.start(
            CLIENT, room.host.binary, *services, "--tun", DEVICE, "--host-address", HOST, "--address", SERVER_ADDRESS,
            "--nodelay", "--backlog", "4096", *options)
        for port in PORTS.values():
            server.wait_for(rf"listening on {SERVER_ADDRESS}:{port}\b", timeout=20)
        room.add_sources()
        return Running(server)


class Core(Stack):
    """The core in a plain loop, a program of the package in Benchmarks."""

    PRODUCT = "core-services"

    def obstacle(self, binary: str) -> str | None:
        return None if shutil.which("swift") else "needs swift"

    def prepare(self) -> None:
        program = programs.build_swift(self.PRODUCT)
        link = programs.BUILD / self.PRODUCT
        link.unlink(missing_ok=True)
        link.symlink_to(program)

    def start(self, room: Room) -> Running:
        server = room.start(CLIENT, self.PRODUCT, DEVICE, HOST, SERVER_ADDRESS, self._mode)
        server.wait_for(r"^ready$")
        room.add_sources()
        return Running(server)


class Veth(Stack):
    """The kernel across a pair of virtual Ethernet devices."""

    programs = ("services",)

    def obstacle(self, binary: str) -> str | None:
        if not self.offloads and not shutil.which("ethtool"):
            return "needs ethtool (scripts/setup-host --bench)"
        return super().obstacle(binary)

    def start(self, room: Room) -> Running:
        room.add_namespace(SERVER)
        room.ip(CLIENT, "link", "add", DEVICE, "type", "veth", "peer", "name", DEVICE, "netns", SERVER)
        for namespace, address in ((CLIENT, CLIENT_ADDRESS), (SERVER, SERVER_ADDRESS)):
            if not self.offloads:
                room.require(namespace, "ethtool", "--offload", DEVICE, "tso", "off", "gso", "off", "gro", "off")
            room.raise_device(namespace, address)
        room.add_sources()
        return Running(_kernel_services(room))


class Pumped(Stack):
    """The kernel across two TUN devices that a program joins."""

    programs = ("services", "pump")

    def start(self, room: Room) -> Running:
        room.add_namespace(SERVER)
        pump = room.start(CLIENT, "pump", CLIENT, DEVICE, SERVER, DEVICE, self._mode)
        pump.wait_for(r"^ready$")
        room.raise_device(CLIENT, CLIENT_ADDRESS)
        room.raise_device(SERVER, SERVER_ADDRESS)
        room.add_sources()
        return Running(_kernel_services(room), (pump,))


class Lwip(Stack):
    def __init__(self, configuration: Configuration) -> None:
        super().__init__(configuration)
        self.programs = (self.variant,)

    def start(self, room: Room) -> Running:
        room.add_tun(CLIENT, CLIENT_ADDRESS, self.offloads)
        room.add_sources()
        server = room.start(CLIENT, self.variant, DEVICE, SERVER_ADDRESS, CLIENT_ADDRESS, self._mode)
        server.wait_for(r"^ready$")
        return Running(server)


class Gvisor(Stack):
    programs = ("gvisor",)

    def start(self, room: Room) -> Running:
        room.add_tun(CLIENT, CLIENT_ADDRESS, self.offloads)
        room.add_sources()
        server = room.start(CLIENT, "gvisor", DEVICE, SERVER_ADDRESS, "cubic", self._mode)
        server.wait_for(r"^ready$")
        return Running(server)


def _kernel_services(room: Room) -> Process:
    server = room.start(SERVER, "services", SERVER_ADDRESS, "cubic")
    server.wait_for(r"^ready$")
    return server


FAMILIES = {"tunstack": Tunstack, "core": Core, "veth": Veth, "pumped": Pumped, "lwip": Lwip, "gvisor": Gvisor}


def stack_of(configuration: Configuration) -> Stack:
    return FAMILIES[configuration.family](configuration)
