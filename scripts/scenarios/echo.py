"""The classic services, as the usual clients see them."""

import re
import time

from kernelpeer.host import ECHO_PORT, STACK, Host
from kernelpeer.scenario import expect, scenario
from kernelpeer.traffic import connect, echo_transfer, parallel_echo, ping_pong, read_exactly


@scenario()
def nc_echo(host: Host) -> None:
    """nc sends lines, one after the other, and reads each back."""
    with host.server():
        client = host.start("nc", STACK, str(ECHO_PORT))
        for line in ("hello", "is anybody there?"):
            client.write(f"{line}\n".encode())
            client.wait_for(rf"^{re.escape(line)}$")
        client.kill()


@scenario()
def telnet_echo(host: Host) -> None:
    """A person at a telnet client types a line, reads it back and quits."""
    with host.server():
        client = host.start("telnet", STACK, str(ECHO_PORT), terminal=True)
        client.wait_for("Escape character")
        client.write(b"good morning\r")
        # Once as typed, shown by the terminal; once more from the server.
        client.wait_for(r"(?s)good morning.*good morning")
        client.write(b"\x1d")
        client.wait_for("telnet>")
        client.write(b"quit\r")
        client.wait_for("Connection closed")
        expect(client.wait() == 0, "telnet ended with an error")


@scenario(timeout=90)
def bulk_100mb(host: Host) -> None:
    """100 MB go through the echo service in both directions at once and arrive intact."""
    with host.server():
        echo_transfer(100_000_000, timeout=60)


@scenario(timeout=90)
def bulk_without_offload(host: Host) -> None:
    """The same without offloads, where the stack itself cuts segments and computes checksums: 20 MB."""
    with host.server("--no-offload"):
        echo_transfer(20_000_000, timeout=60)


@scenario(timeout=60)
def parallel_500(host: Host) -> None:
    """500 connections are open at once and each gets its own bytes back."""
    with host.server():
        parallel_echo(500, size=4000, timeout=40)


@scenario()
def discard_and_chargen(host: Host) -> None:
    """Discard takes all and answers nothing; chargen talks in printable lines until the client leaves."""
    with host.server("--discard", "9", "--chargen", "19"):
        with connect(port=9) as connection:
            connection.sendall(bytes(5_000_000))
            connection.shutdown(1)
            expect(connection.recv(1) == b"", "discard sent something")
        with connect(port=19) as connection:
            text = read_exactly(connection, 500_000)
        expect(re.fullmatch(rb"(?:[ -~]{72}\r\n)+[ -~]{0,72}\r?", text), f"chargen sent {text[:80]!r}")
        with connect() as connection:
            ping_pong(connection)


@scenario()
def closed_port(host: Host) -> None:
    """A port without a listener refuses at once, with a reset that takes its numbers from the SYN."""
    with host.server(), host.capture() as capture:
        started = time.monotonic()
        result = host.run("nc", "-v", "-w", "5", STACK, "9878")
        seconds = time.monotonic() - started
        expect(result.returncode != 0, "nc connected to a port where nobody listens")
        expect("refused" in result.stderr, f"nc says {result.stderr.strip()!r}, not that the connection was refused")
        expect(seconds < 1, f"the refusal took {seconds:.1f} s")
        syn = capture.wait_for(r"> 10\.77\.0\.2\.9878: Flags \[S\], seq (\d+)")
        # RFC 9293 §3.10.7.1: a reset that answers a segment without ACK has sequence number 0 and acknowledges it.
        acknowledged = (int(syn.group(1)) + 1) % 2**32
        capture.wait_for(
            rf"10\.77\.0\.2\.9878 > .*: Flags \[R\.\], seq 0, ack {acknowledged}, win 0, length 0")
