"""What is on the wire, as tools other than ours judge it."""

import re

from kernelpeer.host import ECHO_PORT, STACK, Host, read_capture
from kernelpeer.scenario import expect, scenario
from kernelpeer.traffic import connect, echo_transfer, ping_pong

CLIENT = r"10\.77\.0\.1\.\d+"
SERVER = r"10\.77\.0\.2\.9877"


def check_ping(host: Host, *options: str) -> None:
    result = host.run("ping", "-n", "-q", "-c", "20", "-i", "0.02", "-W", "2", *options, STACK)
    printed = result.stdout.decode()
    expect(result.returncode == 0 and re.search(r"\b20 received, 0% packet loss", printed), printed + result.stderr)


@scenario()
def ping(host: Host) -> None:
    """Every ping is answered, small ones and full packets."""
    with host.server():
        check_ping(host)
        check_ping(host, "-s", "1400")
        check_ping(host, "-s", "1472", "-M", "do")


@scenario(timeout=60)
def checksums(host: Host) -> None:
    """tcpdump finds no bad checksum in what the stack sends: handshake, data, close, reset and ping."""
    # With offloads the kernel fills in checksums after the point where tcpdump listens; so there are none here. The
    # kernel's own packets are not judged, for the same reason.
    with host.server("--no-offload"):
        with host.capture() as capture:
            check_ping(host, "-s", "1001")
            echo_transfer(1_000_001, timeout=30)
            host.run("nc", "-w", "5", STACK, "9878")
            capture.wait_for(r"10\.77\.0\.2\.9878 > .*: Flags \[R")
    lines = capture.read("-vv", "src", "host", STACK)
    wrong = [line for line in lines if re.search(r"incorrect|bad cksum|wrong", line)]
    expect(not wrong, f"{len(wrong)} bad checksums, the first: {wrong[:1]}")
    judged = sum("(correct)" in line for line in lines)
    expect(judged > 100, f"tcpdump judged only {judged} segments")


@scenario()
def handshake_options(host: Host) -> None:
    """The SYN-ACK answers with the options of the SYN, in the order that is usual on the wire."""
    with host.server(), host.capture() as capture:
        with connect() as connection:
            ping_pong(connection)
        syn = capture.wait_for(rf"{CLIENT} > {SERVER}: Flags \[S\], seq (\d+),.*TS val (\d+)")
        acknowledged, timestamp = (int(syn.group(1)) + 1) % 2**32, syn.group(2)
        capture.wait_for(
            rf"{SERVER} > {CLIENT}: Flags \[S\.\], seq \d+, ack {acknowledged}, win \d+, "
            rf"options \[mss 1460,sackOK,TS val \d+ ecr {timestamp},nop,wscale \d+\], length 0")


@scenario()
def capture_file(host: Host) -> None:
    """tcpdump reads the file that --capture writes, from the SYN to the last ACK."""
    file = host.path("session.pcap")
    with host.server("--capture", file):
        with connect() as connection:
            ping_pong(connection, b"0123456789")
            connection.shutdown(1)
            expect(connection.recv(1) == b"", "the server did not close in return")
    packets = "\n".join(read_capture(host, file, "tcp", "port", str(ECHO_PORT)))
    for wanted in (
            rf"{CLIENT} > {SERVER}: Flags \[S\]", rf"{SERVER} > {CLIENT}: Flags \[S\.\]",
            rf"{CLIENT} > {SERVER}: Flags \[P\.\].*length 10$", rf"{SERVER} > {CLIENT}: Flags \[P\.\].*length 10$",
            rf"{CLIENT} > {SERVER}: Flags \[F\.\]", rf"{SERVER} > {CLIENT}: Flags \[F\.\]"):
        expect(re.search(wanted, packets, re.MULTILINE), f"no packet like {wanted} in the capture:\n{packets}")


@scenario()
def trace(host: Host) -> None:
    """--trace prints every packet in tcpdump's form, with the state change that it caused."""
    with host.server("--trace") as server:
        with connect() as connection:
            ping_pong(connection, b"0123456789")
        server.wait_for_states("SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED")
        for wanted in (
                rf"{CLIENT} > {SERVER}: Flags \[S\], seq \d+, win \d+, options \[mss 1460,.*\], length 0",
                rf"{SERVER} > {CLIENT}: Flags \[S\.\], seq \d+, ack \d+, win \d+, options \[mss 1460,.*\], length 0",
                rf"{CLIENT} > {SERVER}: Flags \[P\.\], seq .*length 10\b",
                rf"{SERVER} > {CLIENT}: Flags \[P\.\], seq .*length 10\b",
                rf"{SERVER} > {CLIENT}: Flags \[F\.\]"):
            server.process.wait_for(wanted)
