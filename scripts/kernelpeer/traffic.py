"""TCP clients on kernel sockets. Every byte that comes back is compared with the one that belongs there."""

from __future__ import annotations

import random
import selectors
import socket
import threading
import time

from kernelpeer.host import ECHO_PORT, STACK
from kernelpeer.scenario import Failure, expect

CHUNK = 1 << 18
# A prime: no segment, buffer or page size divides it, so bytes lost, doubled or swapped cannot pass for others.
PERIOD = 1_048_573
_PATTERN = random.Random(9877).randbytes(PERIOD)
_UNROLLED = memoryview(_PATTERN + _PATTERN[:CHUNK])


def pattern(offset: int, count: int) -> memoryview:
    """`count` bytes, at most `CHUNK`, of an endless stream that never changes, from `offset` on."""
    start = offset % PERIOD
    return _UNROLLED[start:start + count]


def connect(port: int = ECHO_PORT, address: str = STACK, timeout: float = 10) -> socket.socket:
    """A connected socket whose calls give up after `timeout` seconds."""
    return socket.create_connection((address, port), timeout)


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """Reads `count` bytes; the stream must not end before."""
    received = bytearray()
    while len(received) < count:
        chunk = connection.recv(count - len(received))
        expect(chunk, f"the stream ended after {len(received)} of {count} bytes")
        received += chunk
    return bytes(received)


def ping_pong(connection: socket.socket, message: bytes = b"are you there?\n") -> None:
    """Sends one message through the echo service and waits for it."""
    connection.sendall(message)
    answer = read_exactly(connection, len(message))
    expect(answer == message, f"sent {message!r}, got {answer!r} back")


def echo_transfer(size: int, timeout: float, address: str = STACK) -> float:
    """Sends `size` bytes through the echo service while reading them back; returns the seconds it took.

    The sender closes its direction at the end, and the end of the stream must come back too.
    """
    started = time.monotonic()
    with connect(address=address, timeout=timeout) as connection:
        sender_error: list[OSError] = []

        def send() -> None:
            try:
                for offset in range(0, size, CHUNK):
                    connection.sendall(pattern(offset, min(CHUNK, size - offset)))
                connection.shutdown(socket.SHUT_WR)
            except OSError as error:
                sender_error.append(error)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        received = _receive_pattern(connection)
        sender.join(timeout)
        expect(not sender_error, f"sending failed: {sender_error}")
        expect(received == size, f"sent {size} bytes, got {received} back")
    return time.monotonic() - started


def _receive_pattern(connection: socket.socket) -> int:
    """Reads to the end of the stream, comparing; returns the byte count."""
    received = 0
    buffer = memoryview(bytearray(CHUNK))
    while True:
        try:
            count = connection.recv_into(buffer)
        except OSError as error:
            raise Failure(f"receiving failed after {received} bytes: {error}") from None
        if count == 0:
            return received
        wanted = pattern(received, count)
        if buffer[:count] != wanted:
            first = next(i for i in range(count) if buffer[i] != wanted[i])
            raise Failure(f"byte {received + first} came back as {buffer[first]}, it was sent as {wanted[first]}")
        received += count


def parallel_echo(connection_count: int, size: int, timeout: float) -> None:
    """Opens `connection_count` connections, and only when all stand sends `size` bytes of its own through each."""
    deadline = time.monotonic() + timeout
    connections = [connect(timeout=timeout) for _ in range(connection_count)]
    selector = selectors.DefaultSelector()
    try:
        answers: dict[socket.socket, tuple[bytes, bytearray]] = {}
        for number, connection in enumerate(connections):
            message = bytes(pattern(number * size, size))
            connection.sendall(message)
            connection.shutdown(socket.SHUT_WR)
            answers[connection] = (message, bytearray())
            selector.register(connection, selectors.EVENT_READ)
        open_count = connection_count
        while open_count:
            ready = selector.select(timeout=max(0.0, deadline - time.monotonic()))
            expect(ready, f"{open_count} of {connection_count} connections were not done within {timeout} s")
            for key, _ in ready:
                chunk = key.fileobj.recv(size)
                answers[key.fileobj][1].extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
                    open_count -= 1
        wrong = sum(message != answer for message, answer in answers.values())
        expect(wrong == 0, f"{wrong} of {connection_count} connections did not get their own bytes back")
    finally:
        selector.close()
        for connection in connections:
            connection.close()
