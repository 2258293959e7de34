// One TCP connection of the kernel's own, for as long as a measurement takes.
//
//   kernel source ADDRESS PORT CONTROL           listens, sends without end on the connection that comes
//   kernel sink ADDRESS PORT CONTROL             listens, throws away what comes
//   kernel receive ADDRESS PORT CONTROL SECONDS  connects, receives for that long
//   kernel send ADDRESS PORT CONTROL SECONDS     connects, sends for that long
//
// CONTROL is the congestion control, set on each socket: a network namespace has its host's default. The listening
// ones print "ready", and all print an object in JSON at the end. Who connects ends the measurement, by a reset, so
// that nothing is sent any more.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { buffer_size = 256 * 1024 };
// How many parts of its time a measurement is shown in.
enum { slice_ms = 250, most_slices = 1024 };

static char buffer[buffer_size];

static void fail(const char *what) {
    printf("{\"error\": \"%s: %s\"}\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_socket(const char *control) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, control, (socklen_t)strlen(control)) < 0) fail(control);
    return fd;
}

static struct sockaddr_in endpoint(const char *address, const char *port) {
    struct sockaddr_in end = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, address, &end.sin_addr) != 1) {
        errno = EINVAL;
        fail(address);
    }
    return end;
}

static int accept_one(const char *address, const char *port, const char *control) {
    int listener = open_socket(control), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in end = endpoint(address, port);
    if (bind(listener, (struct sockaddr *)&end, sizeof end) < 0) fail("bind");
    if (listen(listener, 1) < 0) fail("listen");
    printf("ready\n");
    fflush(stdout);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) fail("accept");
    close(listener);
    return fd;
}

static int connect_to(const char *address, const char *port, const char *control) {
    int fd = open_socket(control);
    struct sockaddr_in end = endpoint(address, port);
    if (connect(fd, (struct sockaddr *)&end, sizeof end) < 0) fail("connect");
    // A call returns in time to see that the measurement is over.
    struct timeval patience = {.tv_usec = slice_ms * 1000 / 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}

static struct tcp_info info_of(int fd) {
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
}

static bool is_over(ssize_t result) {
    return result == 0 || (result < 0 && errno != EAGAIN && errno != EINTR);
}

// Sends or throws away until the peer ends the connection.
static void serve(int fd, bool sends) {
    uint64_t bytes = 0;
    for (;;) {
        ssize_t result = sends ? send(fd, buffer, buffer_size, MSG_NOSIGNAL) : recv(fd, buffer, buffer_size, 0);
        if (is_over(result)) break;
        if (result > 0) bytes += (uint64_t)result;
    }
    struct tcp_info info = info_of(fd);
    printf("{\"bytes\": %llu, \"retransmitted\": %u, \"reordering\": %u, \"dsacks\": %u}\n", (unsigned long long)bytes,
           info.tcpi_total_retrans, info.tcpi_reord_seen, info.tcpi_dsack_dups);
}

// Receives, or sends and asks what has been acknowledged, for `seconds`; a stream that ends before is an error.
static void measure(int fd, bool sends, double seconds) {
    static uint64_t slices[most_slices];
    const double start = now();
    uint64_t bytes = 0;
    double elapsed = 0;
    while (elapsed < seconds) {
        ssize_t result = sends ? send(fd, buffer, buffer_size, MSG_NOSIGNAL) : recv(fd, buffer, buffer_size, 0);
        elapsed = now() - start;
        if (elapsed < seconds && is_over(result)) fail(result == 0 ? "the stream ended" : "the connection broke");
        uint64_t before = bytes;
        if (sends) bytes = info_of(fd).tcpi_bytes_acked;
        else if (result > 0) bytes += (uint64_t)result;
        unsigned slice = (unsigned)(elapsed * 1000 / slice_ms);
        if (slice < most_slices) slices[slice] += bytes - before;
    }
    struct tcp_info info = info_of(fd);
    printf("{\"bytes\": %llu, \"seconds\": %.3f, \"retransmitted\": %u, \"slices_mbit\": [", (unsigned long long)bytes,
           elapsed, info.tcpi_total_retrans);
    for (unsigned i = 0; i < most_slices && i * slice_ms < seconds * 1000; i++)
        printf("%s%.1f", i ? ", " : "", (double)slices[i] * 8 / slice_ms / 1000);
    printf("]}\n");
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

int main(int count, char **arguments) {
    if (count >= 5) {
        const char *role = arguments[1], *address = arguments[2], *port = arguments[3], *control = arguments[4];
        for (int i = 0; i < buffer_size; i++) buffer[i] = (char)(' ' + i % 95);
        if (count == 5 && (!strcmp(role, "source") || !strcmp(role, "sink"))) {
            serve(accept_one(address, port, control), !strcmp(role, "source"));
            return 0;
        }
        if (count == 6 && (!strcmp(role, "send") || !strcmp(role, "receive"))) {
            measure(connect_to(address, port, control), !strcmp(role, "send"), atof(arguments[5]));
            return 0;
        }
    }
    fprintf(stderr, "usage: kernel source|sink ADDRESS PORT CONTROL\n"
                    "       kernel send|receive ADDRESS PORT CONTROL SECONDS\n");
    return 2;
}
