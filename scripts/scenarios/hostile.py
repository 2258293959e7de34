"""Bytes that nobody sends by accident: forged packets and a port scanner."""

import re
from pathlib import Path
from typing import NamedTuple

from kernelpeer.forgery import FORGER, Forger, flags_of, text_of
from kernelpeer.host import ECHO_PORT, STACK, Host, Server
from kernelpeer.scenario import expect, scenario
from kernelpeer.traffic import connect, ping_pong


class Case(NamedTuple):
    """Packets that are sent together, why the stack must drop each of them, and what it must answer."""
    what: str
    packets: list[object]
    reason: str
    answers: list[str] = []


def play(forger: Forger, cases: list[Case]) -> dict[str, int]:
    """Sends every case and judges the answers; returns how many packets are to be counted for each reason."""
    counts: dict[str, int] = {}
    for case in cases:
        answers = flags_of(forger.exchange(*case.packets))
        expect(answers == case.answers, f"{case.what}: answered by {answers}, not by {case.answers}")
        counts[case.reason] = counts.get(case.reason, 0) + len(case.packets)
    return counts


def expect_drops(server: Server, wanted: dict[str, int]) -> None:
    """Interrupts the server; its summary must count exactly the packets that were to be dropped."""
    server.interrupt()
    summary = re.search(r"^dropped: \d+(?: \((.*)\))?$", server.process.output, re.MULTILINE)
    expect(summary, "there is no summary of dropped packets")
    pairs = (entry.rsplit(" ", 1) for entry in (summary.group(1) or "").split(", ") if entry)
    counted = {reason: int(count) for reason, count in pairs}
    expect(counted == wanted, f"counted as dropped: {counted}, but sent to be dropped: {wanted}")


def silence_host() -> None:
    """Keeps the kernel from announcing IPv6 on the link: its packets would be counted, too."""
    for scope in ("all", "default"):
        setting = Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6")
        if setting.exists():
            setting.write_text("1")


def ip_cases(forger: Forger) -> list[Case]:
    ip, tcp = forger.ip, forger.tcp
    whole = bytes(ip() / tcp())
    fragment = bytes(forger.layers.TCP(sport=4000, dport=ECHO_PORT, flags="S")) + bytes(20)
    impossible = (
        "0.0.0.0", "127.0.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "10.77.0.255", "10.77.0.0")
    return [
        Case("a packet that ends within its IP header", [whole[:19], whole[:1]], "malformed IP"),
        Case("an IP header shorter than any", [bytes([0x44]) + whole[1:]], "malformed IP"),
        Case("an IP header longer than the packet", [bytes([0x4F]) + whole[1:]], "malformed IP"),
        Case("a packet shorter than its total length", [ip(len=60) / tcp()], "malformed IP"),
        Case("a total length within the header", [ip(len=19) / tcp()], "malformed IP"),
        Case("a wrong IP checksum", [ip(chksum=0xBAD) / tcp()], "bad IP checksum"),
        Case("IP version 7", [bytes([0x75]) + whole[1:]], "unsupported IP version"),
        Case("a first fragment too small for a TCP header",
             [ip(flags="MF", proto=6) / fragment[:8], ip(frag=1, proto=6) / fragment[8:]], "fragment"),
        Case("fragments that overlap", [
            ip(flags="MF", proto=6) / fragment[:24], ip(flags="MF", frag=1, proto=6) / fragment[8:32],
            ip(frag=2, proto=6) / fragment[16:]], "fragment"),
        Case("a fragment that reaches beyond 65535 bytes", [ip(frag=8191, proto=6) / bytes(1000)], "fragment"),
        Case("somebody else's packet", [ip(dst="10.77.0.99") / tcp()], "not for us"),
        Case("source equals destination (land)",
             [ip(src=STACK) / tcp("S", sport=ECHO_PORT), ip(src=STACK) / tcp("SA", sport=ECHO_PORT)],
             "invalid source"),
        Case("a source that no host has", [ip(src=source) / tcp() for source in impossible], "invalid source"),
        Case("a SYN to a group", [
            ip(dst=group) / tcp() for group in ("224.0.0.1", "255.255.255.255", "10.77.0.255")], "not unicast"),
        Case("a protocol that nobody speaks", [ip(proto=253) / b"hello"], "unsupported protocol", ["ICMP 3/2"]),
        Case("an ICMP message with a wrong checksum", [ip() / forger.layers.ICMP(chksum=0xBAD)], "malformed ICMP"),
        Case("a truncated ICMP message", [ip(proto=1) / bytes([8, 0, 0])], "malformed ICMP"),
        Case("an ICMP error about nothing", [
            ip() / forger.layers.ICMP(type=3, code=4) / bytes(ip(src=STACK, dst=FORGER) / tcp())[:28]],
            "unmatched ICMP"),
    ]


def tcp_cases(forger: Forger) -> list[Case]:
    ip, tcp = forger.ip, forger.tcp
    return [
        Case("a wrong TCP checksum", [ip() / tcp(chksum=0xBAD)], "bad TCP checksum"),
        Case("a TCP header that ends early", [ip(proto=6) / bytes(19), ip(proto=6)], "malformed TCP"),
        Case("a TCP header shorter than any", [ip() / tcp(dataofs=4), ip() / tcp(dataofs=0)], "malformed TCP"),
        Case("a TCP header longer than the segment", [ip() / tcp(dataofs=15)], "malformed TCP"),
        Case("a null scan of an open port", [ip() / tcp("")], "no syn to listener"),
        Case("a FIN scan of an open port", [ip() / tcp("F")], "no syn to listener"),
        Case("an xmas scan of an open port", [ip() / tcp("FPU")], "no syn to listener"),
        Case("a Maimon scan of an open port", [ip() / tcp("FA")], "no syn to listener", ["R"]),
        Case("an ACK scan of an open port", [ip() / tcp("A", ack=77)], "no syn to listener", ["R"]),
        Case("a reset of nothing", [ip() / tcp("R"), ip() / tcp("SR")], "reset without connection"),
        Case("a null scan of a closed port", [ip() / tcp("", dport=1)], "closed port", ["RA"]),
        Case("an xmas scan of a closed port", [ip() / tcp("FPU", dport=1)], "closed port", ["RA"]),
        Case("a SYN to port 0", [ip() / tcp("S", dport=0)], "closed port", ["RA"]),
        Case("a reset to a closed port", [ip() / tcp("RA", dport=1)], "reset without connection"),
    ]


def connection_cases(forger: Forger) -> list[Case]:
    segment = forger.connect(port=4001).segment
    far = 1 << 30
    return [
        Case("a null segment", [segment("", b"null")], "no acknowledgment"),
        Case("an xmas segment", [segment("FPU", b"xmas")], "no acknowledgment"),
        Case("old text", [segment("PA", b"old", at=-4)], "outside window", ["A"]),
        Case("text far beyond the window", [segment("PA", b"far", at=far)], "outside window", ["A"]),
        Case("a reset outside the window", [segment("R", at=far), segment("RA", at=-5)], "outside window"),
        Case("a reset somewhere in the window", [segment("R", at=9)], "challenged reset", ["A"]),
        Case("a SYN in the window", [segment("S", at=9)], "challenged syn", ["A"]),
        Case("an ACK of what was never sent", [segment("A", ack=forger_beyond(segment))],
             "unacceptable acknowledgment", ["A"]),
        Case("text with a wrong checksum", [segment("PA", b"hello", chksum=0xBAD)], "bad TCP checksum"),
    ]


def forger_beyond(segment: object) -> int:
    """An acknowledgment of a gigabyte more than the stack has sent."""
    return (segment().getlayer("TCP").ack + (1 << 30)) % 2**32


@scenario(timeout=60)
def malformed_packets(host: Host) -> None:
    """Malformed and impossible packets are dropped and counted, answered where that is due, and harm nobody."""
    silence_host()
    with host.server() as server, Forger() as forger, connect() as bystander:
        wanted: dict[str, int] = {}
        for cases in (ip_cases(forger), tcp_cases(forger), connection_cases(forger)):
            for reason, count in play(forger, cases).items():
                wanted[reason] = wanted.get(reason, 0) + count
            ping_pong(bystander)
        bystander.close()
        expect_drops(server, wanted)


@scenario()
def malformed_options(host: Host) -> None:
    """A SYN opens a connection whatever nonsense follows its good options, and text arrives beside nonsense, too."""
    nonsense = {"no length byte": b"\x22", "length 0": b"\x22\0\0\0", "length 1": b"\x02\x01\x05\xb4",
                "length beyond the header": b"\x02\xff\x05\xb4", "an MSS of three bytes": b"\x02\x03\x05\0",
                "MSS 0": b"\x02\x04\0\0", "window scale 255": b"\x03\x03\xff\0",
                "40 bytes of timestamps": b"\x08\x28" + bytes(38), "SACK blocks on a SYN": b"\x05\x0a" + bytes(10)}
    with host.server(), Forger() as forger:
        for number, (what, options) in enumerate(nonsense.items()):
            options += bytes(-len(options) % 4)
            fields = {"dataofs": 5 + len(options) // 4}
            port = 5000 + number
            syn = forger.tcp("S", options, sport=port, window=8192, **fields)
            answers = forger.exchange(forger.ip() / syn)
            expect(flags_of(answers) == ["SA"], f"{what}: a SYN is answered by {flags_of(answers)}")
            acknowledged = answers[0]["TCP"].seq + 1
            text = forger.tcp("PA", options + b"hello", sport=port, seq=1001, ack=acknowledged, window=8192, **fields)
            forger.send(forger.ip() / text)
            echoed = forger.wait_for_text(5)
            expect(echoed == b"hello", f"{what}: the echo is {echoed!r}")


@scenario()
def contradicting_text(host: Host) -> None:
    """Of two texts for the same numbers the first counts, in order or not, and the second is never seen."""
    with host.server(), Forger() as forger:
        connection = forger.connect(port=4002)
        segment = connection.segment
        forger.exchange(segment("PA", b"BBBBB", at=5), segment("PA", b"CCC", at=7), segment("PA", b"DDDDDDD", at=4))
        # The gap is filled by a segment that has another text for all that is held already.
        forger.send(segment("PA", b"AAAAAAAAAAAA", at=0))
        echoed = forger.wait_for_text(12)
        expect(echoed == b"AAAADBBBBBDA", f"the echo is {echoed!r}")
        again = forger.exchange(segment("PA", b"EEEEEEEEEEEE", at=0))
        expect(not any(b"E" in text_of(answer, forger.layers) for answer in again), "old text was taken in again")
        connection.acknowledged += len(echoed)
        # A FIN before text that is held contradicts it; the text stays, and the connection goes on.
        forger.exchange(segment("A", at=12), segment("PA", b"GG", at=13), segment("FA", at=13))
        forger.send(segment("PA", b"F", at=12))
        echoed = forger.wait_for_text(3)
        expect(echoed == b"FGG", f"after a FIN in the middle of text the echo is {echoed!r}")


@scenario(timeout=120)
def nmap(host: Host) -> None:
    """nmap tells open from closed ports by SYN, FIN, xmas and null scans, and finds the numbers unpredictable."""
    verdicts = {"-sS": ("open", "closed"), "-sF": ("open|filtered", "closed"), "-sX": ("open|filtered", "closed"),
                "-sN": ("open|filtered", "closed")}
    with host.server(), connect() as bystander:
        for scan, (of_open, of_closed) in verdicts.items():
            printed = host.require(
                "nmap", "-n", "-Pn", "--reason", scan, "-p", f"1-100,{ECHO_PORT - 1}-{ECHO_PORT + 1}", STACK,
                timeout=60)
            expect(re.search(rf"^{ECHO_PORT}/tcp\s+{re.escape(of_open)}\s", printed, re.MULTILINE),
                   f"nmap {scan} does not find {ECHO_PORT} {of_open}:\n{printed}")
            expect(re.search(rf"Not shown: 102 {of_closed} tcp ports \(reset\)", printed),
                   f"nmap {scan} does not find the others {of_closed}:\n{printed}")
            ping_pong(bystander)
        printed = host.require(
            "nmap", "-n", "-Pn", "-v", "-O", "-p", f"{ECHO_PORT},9999", STACK, timeout=100)
        rating = re.search(r"^TCP Sequence Prediction: Difficulty=(\d+) \((.*)\)$", printed, re.MULTILINE)
        expect(rating, f"nmap rates no sequence numbers:\n{printed}")
        # The best of its six ratings.
        expect(rating.group(2) == "Good luck!", f"nmap rates the sequence numbers: {rating.group(0)}")
        print(rating.group(0))
        ping_pong(bystander)
