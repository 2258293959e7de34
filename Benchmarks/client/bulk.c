// One connection as fast as it goes.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

// Bytes of an echo that are on their way at most.
enum { echo_window = 512 * 1024 };
// An echo that stands still for so long is broken.
enum { patience_seconds = 10 };

uint8_t pattern[pattern_period + chunk];

void make_pattern(void) {
    uint64_t state = 0x9E3779B97F4A7C15;
    for (int i = 0; i < pattern_period; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        pattern[i] = (uint8_t)(state >> 24);
    }
    memcpy(pattern + pattern_period, pattern, chunk);
}

static void print_rate(uint64_t bytes, double seconds, const char *more) {
    printf("{\"bytes\": %llu, \"seconds\": %.4f, \"gbit\": %.4f%s}\n", (unsigned long long)bytes, seconds,
           (double)bytes * 8 / seconds / 1e9, more);
}

// What counts is what the server has read: it closes when it has read our FIN, and so everything before it.
void bulk_up(double seconds) {
    int fd = connect_to(port_discard);
    uint64_t bytes = 0;
    double start = seconds_now();
    while (seconds_now() - start < seconds) {
        ssize_t sent = send(fd, pattern, chunk, MSG_NOSIGNAL);
        if (sent <= 0) fail("send");
        bytes += (uint64_t)sent;
    }
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    shutdown(fd, SHUT_WR);
    char byte;
    if (recv(fd, &byte, 1, 0) != 0) fail("the server's end of the stream");
    char more[96];
    snprintf(more, sizeof more, ", \"retransmitted\": %u, \"mss\": %u", info.tcpi_total_retrans, info.tcpi_snd_mss);
    print_rate(bytes, seconds_now() - start, more);
}

void bulk_down(double seconds) {
    static uint8_t buffer[chunk];
    int fd = connect_to(port_source);
    uint64_t bytes = 0;
    double start = seconds_now(), elapsed = 0;
    while (elapsed < seconds) {
        errno = 0;
        ssize_t count = recv(fd, buffer, chunk, 0);
        if (count <= 0) fail("receive");
        bytes += (uint64_t)count;
        elapsed = seconds_now() - start;
    }
    reset(fd);
    print_rate(bytes, elapsed, "");
}

// The state of an echo: bytes sent and received.
struct echo {
    int fd;
    uint64_t sent, received;
    bool closed;
};

static bool echo_receive(struct echo *echo) {
    static uint8_t buffer[chunk];
    ssize_t count = recv(echo->fd, buffer, chunk, 0);
    if (count < 0 && errno == EAGAIN) return false;
    errno = count == 0 ? 0 : errno;
    if (count <= 0) fail("receive");
    if (memcmp(buffer, pattern + echo->received % pattern_period, (size_t)count) != 0) {
        errno = EBADMSG;
        fail("echo");
    }
    echo->received += (uint64_t)count;
    return true;
}

static bool echo_send(struct echo *echo) {
    uint64_t room = echo_window - (echo->sent - echo->received);
    if (echo->closed || room == 0) return false;
    ssize_t count = send(echo->fd, pattern + echo->sent % pattern_period, room < chunk ? room : chunk, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) fail("send");
    echo->sent += (uint64_t)count;
    return true;
}

void bulk_echo(double seconds) {
    struct echo echo = {.fd = connect_to(port_echo)};
    fcntl(echo.fd, F_SETFL, O_NONBLOCK);
    double start = seconds_now();
    while (!echo.closed || echo.received < echo.sent) {
        if (!echo.closed && seconds_now() - start >= seconds) {
            shutdown(echo.fd, SHUT_WR);
            echo.closed = true;
        }
        bool progress = echo_receive(&echo);
        progress = echo_send(&echo) || progress;
        if (progress) continue;
        bool may_send = !echo.closed && echo.sent - echo.received < echo_window;
        struct pollfd ready = {.fd = echo.fd, .events = (short)(POLLIN | (may_send ? POLLOUT : 0))};
        if (poll(&ready, 1, patience_seconds * 1000) == 0) {
            errno = ETIMEDOUT;
            fail("echo");
        }
    }
    print_rate(echo.received, seconds_now() - start, "");
}
