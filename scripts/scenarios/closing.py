"""How connections end: in order, half, by a crash, or with the server."""

import subprocess

from kernelpeer.host import ECHO_PORT, INTERFACE, STACK, Host
from kernelpeer.scenario import eventually, expect, scenario
from kernelpeer.traffic import connect, pattern, ping_pong

PORT = str(ECHO_PORT)


def start_deaf_client(host: Host) -> subprocess.Popen:
    """An `nc` that sends without end and whose reader has gone to sleep, so that received bytes wait in the kernel."""
    client = subprocess.Popen(["nc", STACK, PORT], stdin=open("/dev/zero", "rb"), stdout=subprocess.PIPE)
    eventually(lambda: any(int(s[1]) > 0 for s in host.sockets("dst", STACK)), "unread bytes wait at the client")
    return client


@scenario()
def half_close(host: Host) -> None:
    """nc -N closes its direction after the last byte and still gets every byte back."""
    sent = b"".join(pattern(offset, 100_000) for offset in range(0, 2_000_000, 100_000))
    with host.server():
        result = host.run("nc", "-N", STACK, PORT, data=sent)
        expect(result.returncode == 0, f"nc failed: {result.stderr.strip()}")
        expect(len(result.stdout) == len(sent), f"sent {len(sent)} bytes, got {len(result.stdout)} back")
        expect(result.stdout == sent, "the bytes that came back are not those that were sent")


@scenario()
def close_by_client(host: Host) -> None:
    """An ordinary close by the client takes the stack through CLOSE-WAIT and LAST-ACK to CLOSED."""
    with host.server("--trace") as server:
        with connect() as connection:
            ping_pong(connection)
        server.wait_for_states("ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED")
        eventually(lambda: all(s[0] == "TIME-WAIT" for s in host.sockets("dst", STACK)), "only TIME-WAIT is left")


@scenario()
def client_killed_idle(host: Host) -> None:
    """A client killed while idle leaves no connection behind, and the next client is served."""
    with host.server("--trace") as server:
        client = host.start("nc", STACK, PORT)
        client.write(b"hello\n")
        client.wait_for("hello")
        client.kill()
        server.wait_for_states("ESTABLISHED", "CLOSE-WAIT", "CLOSED")
        with connect() as connection:
            ping_pong(connection)


@scenario()
def client_killed_mid_transfer(host: Host) -> None:
    """A client killed with data under way resets the connection, and the next client is served."""
    with host.server("--trace") as server:
        client = start_deaf_client(host)
        client.kill()
        client.wait()
        server.wait_for_states("ESTABLISHED", "CLOSED")
        with connect() as connection:
            ping_pong(connection)


@scenario(timeout=60)
def half_open_discovered(host: Host) -> None:
    """A client that vanished without a word is found out by the reset that answers the next segment."""
    with host.server("--trace") as server:
        client = start_deaf_client(host)
        host.drop()
        client.kill()
        client.wait()
        eventually(lambda: host.dropped("output") > 0, "the dying client's reset is lost")
        eventually(lambda: not host.sockets("dst", STACK), "the kernel has forgotten the connection")
        expect(("ESTABLISHED", "CLOSED") not in server.transitions, "the stack cannot know yet, but it has closed")
        host.stop_dropping()
        server.wait_for_states("ESTABLISHED", "CLOSED", timeout=30)
        with connect() as connection:
            ping_pong(connection)


@scenario()
def interrupt_idle(host: Host) -> None:
    """Ctrl-C on an idle server exits with 0 and takes the interface along."""
    with host.server() as server:
        expect(host.has_interface(), f"{INTERFACE} is not there while the server runs")
        server.interrupt()


@scenario()
def interrupt_with_connections(host: Host) -> None:
    """Ctrl-C closes open connections, and a client that does not close in return holds nothing up."""
    with host.server() as server:
        with connect() as connection:
            ping_pong(connection)
            server.interrupt()
            try:
                rest = connection.recv(1)
            except ConnectionResetError:
                rest = b""
            expect(rest == b"", f"the client got {rest!r} in place of the end of the stream")
