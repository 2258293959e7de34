#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

enum { patience_seconds = 10 };

static struct in_addr server;
static uint32_t first_source;
static unsigned source_count, next_source;

void fail(const char *what) {
    printf("{\"error\": \"%s: %s\"}\n", what, errno ? strerror(errno) : "the stream ended");
    exit(1);
}

uint64_t ns_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

double seconds_now(void) {
    return (double)ns_now() / 1e9;
}

void set_endpoints(const char *server_text, const char *source_text, int count) {
    struct in_addr source;
    if (inet_pton(AF_INET, server_text, &server) != 1 || inet_pton(AF_INET, source_text, &source) != 1 || count < 1) {
        errno = EINVAL;
        fail("addresses");
    }
    first_source = ntohl(source.s_addr);
    source_count = (unsigned)count;
}

int open_socket(bool blocking) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0), one = 1;
    if (fd < 0) fail("socket");
    // A namespace inherits its host's default.
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) < 0) fail("cubic");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    struct sockaddr_in end = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(first_source + next_source)};
    next_source = (next_source + 1) % source_count;
    if (bind(fd, (struct sockaddr *)&end, sizeof end) < 0) fail("bind");
    return fd;
}

static int call_connect(int fd, int port) {
    struct sockaddr_in end = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = server};
    return connect(fd, (struct sockaddr *)&end, sizeof end);
}

bool begin_connecting(int fd, int port) {
    return call_connect(fd, port) == 0 || errno == EINPROGRESS;
}

int connect_to(int port) {
    int fd = open_socket(true);
    struct timeval patience = {.tv_sec = patience_seconds};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (call_connect(fd, port) < 0) fail("connect");
    return fd;
}

void reset(int fd) {
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

int pending_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}
