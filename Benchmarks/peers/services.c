// The services of the throughput measurements on the kernel's own TCP, in one thread over epoll.
//
//   services ADDRESS CONTROL
//
// discard on port 9, a source without end on port 19, echo on port 9877. CONTROL is the congestion control, set on each
// socket: a network namespace has its host's default. Prints "ready"; ends with SIGTERM.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { chunk = 256 * 1024, most_files = 1 << 20, backlog = 4096 };
enum service { discard, source, echo, services };

static const unsigned short ports[services] = {[discard] = 9, [source] = 19, [echo] = 9877};
static char buffer[chunk], text[chunk];
static int set;

// A connection, or the listener of a service.
struct end {
    int fd;
    bool listens;
    enum service service;
    uint32_t events;
    // What an echo could not send at once.
    char *rest;
    size_t rest_offset, rest_length;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(struct end *end, uint32_t events) {
    if (end->events == events) return;
    struct epoll_event event = {.events = events, .data.ptr = end};
    if (epoll_ctl(set, end->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, end->fd, &event) < 0) fail("epoll");
    end->events = events;
}

static struct end *new_end(int fd, enum service service, bool listens) {
    struct end *end = calloc(1, sizeof *end);
    if (!end) fail("memory");
    *end = (struct end){.fd = fd, .service = service, .listens = listens};
    return end;
}

static void listen_on(const char *address, const char *control, enum service service) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, control, (socklen_t)strlen(control)) < 0) fail(control);
    struct sockaddr_in end = {.sin_family = AF_INET, .sin_port = htons(ports[service])};
    if (inet_pton(AF_INET, address, &end.sin_addr) != 1) fail(address);
    if (bind(fd, (struct sockaddr *)&end, sizeof end) < 0 || listen(fd, backlog) < 0) fail("listen");
    watch(new_end(fd, service, true), EPOLLIN);
}

static void accept_all(const struct end *listener) {
    int fd, one = 1;
    while ((fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(new_end(fd, listener->service, false), listener->service == source ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

// Whether a call found the end of the stream or an error.
static bool is_over(ssize_t result) {
    return result == 0 || (result < 0 && errno != EAGAIN);
}

static bool send_rest(struct end *end) {
    ssize_t sent = send(end->fd, end->rest + end->rest_offset, end->rest_length, MSG_NOSIGNAL);
    if (sent <= 0) return !is_over(sent);
    end->rest_offset += (size_t)sent;
    end->rest_length -= (size_t)sent;
    if (end->rest_length == 0) {
        free(end->rest);
        end->rest = NULL;
        watch(end, EPOLLIN);
    }
    return true;
}

static bool send_back(struct end *end) {
    if (end->rest) return send_rest(end);
    ssize_t count = recv(end->fd, buffer, chunk, 0);
    if (count <= 0) return !is_over(count);
    ssize_t sent = send(end->fd, buffer, (size_t)count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) sent = 0;
    if (sent == count) return true;
    end->rest_offset = 0;
    end->rest_length = (size_t)(count - sent);
    end->rest = malloc(end->rest_length);
    if (!end->rest) fail("memory");
    memcpy(end->rest, buffer + sent, end->rest_length);
    watch(end, EPOLLOUT);
    return true;
}

// Serves what is ready; false if the connection is over.
static bool serve(struct end *end, uint32_t ready) {
    if (end->service == echo) return send_back(end);
    if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR) && is_over(recv(end->fd, buffer, chunk, 0))) return false;
    return end->service == discard || !(ready & EPOLLOUT) || !is_over(send(end->fd, text, chunk, MSG_NOSIGNAL));
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: services ADDRESS CONTROL\n");
        return 2;
    }
    for (int i = 0; i < chunk; i++) text[i] = (char)(' ' + i % 95);
    signal(SIGPIPE, SIG_IGN);
    // An ordinary user cannot have so many and goes without.
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){most_files, most_files});
    set = epoll_create1(EPOLL_CLOEXEC);
    for (enum service service = 0; service < services; service++) listen_on(arguments[1], arguments[2], service);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(set, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            struct end *end = events[i].data.ptr;
            if (end->listens) accept_all(end);
            else if (!serve(end, events[i].events)) {
                close(end->fd);
                free(end->rest);
                free(end);
            }
        }
    }
}
