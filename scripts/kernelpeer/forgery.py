"""Packets made by hand, put on the link byte by byte, with all their faults.

They come from an address in the stack's network that is nobody's, so that the kernel takes no part: what the stack
answers goes to the kernel, which finds nobody to give it to, and drops it.
"""

from __future__ import annotations

import importlib
import socket
import sys
import time
from types import ModuleType, TracebackType

from kernelpeer.host import ECHO_PORT, INTERFACE, STACK
from kernelpeer.scenario import Failure, Skip, expect

FORGER = "10.77.0.66"
ETH_P_IP = 0x0800


def scapy_layers() -> ModuleType:
    """Scapy's IP, TCP and ICMP. Debian's Scapy is there for Debian's Python; any other can use it, too."""
    debian = "/usr/lib/python3/dist-packages"
    if debian not in sys.path:
        sys.path.append(debian)
    try:
        return importlib.import_module("scapy.layers.inet")
    except ImportError as error:
        raise Skip(f"no Scapy: {error}") from None


class Forger:
    """Sends packets as they are, and sees what the stack answers; for a `with` statement."""

    def __init__(self) -> None:
        self.layers = scapy_layers()
        self._pings = 0

    def __enter__(self) -> Forger:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self._socket.bind((INTERFACE, ETH_P_IP))
        self._socket.settimeout(5)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._socket.close()

    def ip(self, **fields: object) -> object:
        """An IP header from the forger to the stack, unless `fields` say otherwise."""
        return self.layers.IP(**{"src": FORGER, "dst": STACK, "flags": "DF", **fields})

    def tcp(self, flags: str = "S", data: bytes = b"", **fields: object) -> object:
        """A segment to the echo service, unless `fields` say otherwise."""
        return self.layers.TCP(**{"sport": 4000, "dport": ECHO_PORT, "flags": flags, "seq": 1000, **fields}) / data

    def send(self, packet: object) -> None:
        """Puts `packet`, bytes or one of Scapy's, on the link."""
        self._socket.send(bytes(packet))

    def exchange(self, *packets: object) -> list[object]:
        """Sends `packets`; returns what the stack has answered to the forger, as Scapy's packets.

        Two pings tell when that is all: the stack answers in order, and has sent all that it owed for one turn of its
        loop before it takes part in the next.
        """
        for packet in packets:
            self.send(packet)
        return self._answers_before_ping() + self._answers_before_ping()

    def _answers_before_ping(self) -> list[object]:
        self._pings += 1
        ping = self.layers.ICMP(id=0x6D61, seq=self._pings)
        self.send(self.ip() / ping)
        answers = []
        while True:
            answer = self._receive()
            if answer.haslayer(self.layers.ICMP) and answer[self.layers.ICMP].type == 0:
                if answer[self.layers.ICMP].seq == self._pings:
                    return answers
            else:
                answers.append(answer)

    def wait_for_text(self, count: int) -> bytes:
        """The next `count` bytes of text or more that the stack sends to the forger."""
        text = b""
        deadline = time.monotonic() + 5
        while len(text) < count and time.monotonic() < deadline:
            text += text_of(self._receive(), self.layers)
        return text

    def _receive(self) -> object:
        while True:
            try:
                data, (_, _, kind, _, _) = self._socket.recvfrom(65536)
            except TimeoutError:
                raise Failure("the stack has not answered for 5 s") from None
            # Packets on their way to the stack pass here, too; so does the rest of the stack's traffic.
            if kind != socket.PACKET_OUTGOING:
                packet = self.layers.IP(data)
                if packet.dst == FORGER:
                    return packet

    def connect(self, port: int = 4000, **syn: object) -> ForgedConnection:
        """Opens a connection from `port` to the echo service; `syn` are fields of the SYN."""
        answers = self.exchange(self.ip() / self.tcp("S", sport=port, window=8192, **syn))
        expect(flags_of(answers) == ["SA"], f"a SYN was answered by {flags_of(answers)}")
        connection = ForgedConnection(self, port, answers[0][self.layers.TCP].seq + 1)
        self.exchange(connection.segment("A"))
        return connection


class ForgedConnection:
    """A connection of the forger's, whose own numbers begin at 1001; segments are numbered from there."""

    def __init__(self, forger: Forger, port: int, acknowledged: int) -> None:
        self._forger = forger
        self._port = port
        self.acknowledged = acknowledged % 2**32

    def segment(self, flags: str = "PA", data: bytes = b"", at: int = 0, **fields: object) -> object:
        """A segment whose text begins `at` bytes after the first byte of the connection."""
        fields = {"ack": self.acknowledged, "window": 8192, **fields}
        return self._forger.ip() / self._forger.tcp(
            flags, data, sport=self._port, seq=(1001 + at) % 2**32, **fields)


def flags_of(answers: list[object]) -> list[str]:
    """The flags of each answer, as Scapy writes them; "ICMP type/code" for a message."""
    flags = []
    for answer in answers:
        if answer.haslayer("TCP"):
            flags.append(str(answer["TCP"].flags))
        else:
            flags.append(f"ICMP {answer['ICMP'].type}/{answer['ICMP'].code}")
    return flags


def text_of(packet: object, layers: ModuleType) -> bytes:
    """The text of a segment, without what pads its packet."""
    if not packet.haslayer(layers.TCP):
        return b""
    header = packet.ihl * 4 + packet[layers.TCP].dataofs * 4
    return bytes(packet)[header:packet.len]
