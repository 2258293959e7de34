"""The namespaces of one run.

    client                              server
    kernel sockets 10.77.0.1, .101-.116 --- 10.77.0.2 the stack

A stack that brings a TUN device has it in the namespace `client`. The kernel as a server has a namespace of its own,
behind a pair of virtual Ethernet devices or behind two TUN devices that a program joins.
"""

from __future__ import annotations

from pathlib import Path

from kernelpeer.host import Host
from kernelpeer.process import Process

from benchlab.rooms import Rooms

CLIENT, SERVER = "client", "server"
DEVICE = "wire0"
CLIENT_ADDRESS, SERVER_ADDRESS = "10.77.0.1", "10.77.0.2"
# Connections come from many addresses: those in TIME-WAIT keep their ports.
FIRST_SOURCE, SOURCES = "10.77.0.101", 16
# Frames that wait in a device; of 64 KiB each, if they are super-segments.
DEVICE_QUEUE = 1000
SETTINGS = {
    "net/ipv4/ip_local_port_range": "1024 65535",
    "net/ipv4/tcp_max_tw_buckets": "1000000",
    "net/ipv4/tcp_max_syn_backlog": "4096",
    "net/core/somaxconn": "4096",
    # What a machine of usual size has.
    "net/ipv4/tcp_rmem": "4096 131072 6291456",
    "net/ipv4/tcp_wmem": "4096 16384 4194304",
}


class Room(Rooms):
    """The client's namespace, and the server's if it needs one."""

    def __init__(self, host: Host, programs: Path) -> None:
        super().__init__(host, programs, SETTINGS)
        self.add_namespace(CLIENT)

    def add_tun(self, namespace: str, address: str, offloads: bool) -> None:
        """A TUN device that stays when nobody holds it."""
        self.ip(namespace, "tuntap", "add", "dev", DEVICE, "mode", "tun", *(["vnet_hdr"] if offloads else []))
        self.raise_device(namespace, address)

    def raise_device(self, namespace: str, address: str) -> None:
        self.bring_up(namespace, DEVICE, address, DEVICE_QUEUE)

    def add_sources(self) -> None:
        """The addresses that the client's connections come from."""
        network, _, first = FIRST_SOURCE.rpartition(".")
        for number in range(SOURCES):
            self.ip(CLIENT, "address", "add", f"{network}.{int(first) + number}/24", "dev", DEVICE)

    def client(self, *arguments: str) -> Process:
        return self.start(CLIENT, "client", SERVER_ADDRESS, FIRST_SOURCE, str(SOURCES), *arguments)
