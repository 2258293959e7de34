"""The operations, as Benchmarks/Sources/Microbench knows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One operation, and how often it is done."""

    name: str
    what: str
    # Two lengths whose difference is counted, both multiples of 5 parts of a batch.
    counted: tuple[int, int] = (800, 8_000)
    # For the time.
    timed: int = 1_000_000


OPERATIONS = [
    Operation("parse", "IPv4 and TCP header with timestamps, checksum of the IPv4 header included"),
    Operation("checksum-1460", "sum over 1,460 bytes"),
    Operation("checksum-64k", "sum over 65,536 bytes", (80, 400), 100_000),
    Operation("receive-segment", "1,448 bytes from packet to application, checksum vouched for, acknowledgments "
              "included", timed=400_000),
    Operation("receive-64k", "the same for a super-segment of 44 times 1,448 bytes", (80, 400), 20_000),
    Operation("send-segment", "1,448 bytes from application to packet, checksum and acknowledgments included",
              timed=400_000),
    Operation("send-64k", "44 times as much, in packets that the device cuts and sums", (80, 400), 20_000),
    Operation("exchange", "one byte in, and back out with its acknowledgment"),
    Operation("short-connection", "from SYN to FIN, with one byte there and back", timed=100_000),
    Operation("timer-arm", "a timer of 1,024 is moved"),
    Operation("timer-arm-cancel", "a timer is armed and taken back"),
    Operation("timer-arm-expire", "a timer is armed and comes"),
    Operation("demux-1k", "a four-tuple is hashed and found among 1,000"),
    Operation("demux-1m", "a four-tuple is hashed and found among 1,000,000"),
]
