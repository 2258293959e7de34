// Many connections: one after the other, and all at once.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

enum { patience_ms = 5000 };

struct attempt {
    int fd;
    bool connected;
    uint64_t start;
};

static struct {
    int set, active;
    uint64_t done, failed;
    struct samples samples;
} run;

static void begin(struct attempt *attempt, uint32_t number) {
    *attempt = (struct attempt){.fd = open_socket(false), .start = ns_now()};
    if (!begin_connecting(attempt->fd, port_echo)) {
        close(attempt->fd);
        attempt->fd = -1;
        run.failed++;
        return;
    }
    epoll_ctl(run.set, EPOLL_CTL_ADD, attempt->fd, &(struct epoll_event){.events = EPOLLOUT, .data.u32 = number});
    run.active++;
}

// Goes a step further: connected and asked, or answered. Returns whether the attempt is over.
static bool advance(struct attempt *attempt, uint32_t number) {
    char byte = 'x';
    if (!attempt->connected) {
        if (pending_error(attempt->fd) || send(attempt->fd, &byte, 1, MSG_NOSIGNAL) != 1) {
            run.failed++;
            return true;
        }
        attempt->connected = true;
        epoll_ctl(run.set, EPOLL_CTL_MOD, attempt->fd, &(struct epoll_event){.events = EPOLLIN, .data.u32 = number});
        return false;
    }
    ssize_t count = recv(attempt->fd, &byte, 1, 0);
    if (count < 0 && errno == EAGAIN) return false;
    if (count == 1) {
        run.done++;
        add_sample(&run.samples, ns_now() - attempt->start);
    } else {
        run.failed++;
    }
    return true;
}

void short_connections(double seconds, int in_flight) {
    struct attempt *attempts = calloc((size_t)in_flight, sizeof *attempts);
    run.set = epoll_create1(EPOLL_CLOEXEC);
    double start = seconds_now(), last = start;
    for (int i = 0; i < in_flight; i++) begin(&attempts[i], (uint32_t)i);
    while (run.active > 0) {
        struct epoll_event events[128];
        int count = epoll_wait(run.set, events, 128, patience_ms);
        if (count <= 0) break;
        last = seconds_now();
        for (int i = 0; i < count; i++) {
            uint32_t number = events[i].data.u32;
            struct attempt *attempt = &attempts[number];
            if (!advance(attempt, number)) continue;
            close(attempt->fd);
            run.active--;
            if (last - start < seconds) begin(attempt, number);
        }
    }
    printf("{\"seconds\": %.4f, \"in_flight\": %d, \"per_second\": %.1f, \"done\": %llu, \"failed\": %llu, "
           "\"stuck\": %d, ",
           last - start, in_flight, (double)run.done / (last - start), (unsigned long long)run.done,
           (unsigned long long)run.failed, run.active);
    print_samples(&run.samples);
    printf("}\n");
}

static long resident_kb(int pid) {
    char line[256];
    snprintf(line, sizeof line, "/proc/%d/status", pid);
    FILE *file = fopen(line, "r");
    if (!file) fail(line);
    long kb = -1;
    while (fgets(line, sizeof line, file) && sscanf(line, "VmRSS: %ld", &kb) != 1) continue;
    fclose(file);
    return kb;
}

static long slab_kb(void) {
    FILE *file = fopen("/proc/meminfo", "r");
    if (!file) fail("/proc/meminfo");
    char line[256];
    long kb = -1;
    while (fgets(line, sizeof line, file) && sscanf(line, "Slab: %ld", &kb) != 1) continue;
    fclose(file);
    return kb;
}

static void wait_for_all(struct pollfd *ready, int count, short events) {
    for (int left = count; left > 0;) {
        int changed = poll(ready, (nfds_t)count, patience_ms);
        if (changed == 0) errno = ETIMEDOUT;
        if (changed <= 0) fail("idle connections");
        for (int i = 0; i < count; i++) {
            if (!ready[i].revents) continue;
            int fd = ready[i].fd;
            char byte = 'x';
            errno = pending_error(fd);
            if (errno) fail("connect");
            if (events == POLLOUT && send(fd, &byte, 1, MSG_NOSIGNAL) != 1) fail("send a byte");
            if (events == POLLIN && recv(fd, &byte, 1, 0) != 1) fail("receive a byte");
            ready[i].fd = ~fd;
            left--;
        }
    }
    for (int i = 0; i < count; i++) ready[i] = (struct pollfd){.fd = ~ready[i].fd, .events = POLLIN};
}

// Each connection carries a byte there and back, so that it is accepted and its buffers have come and gone.
static void open_idle(int count) {
    enum { batch = 64 };
    for (int opened = 0; opened < count;) {
        struct pollfd ready[batch];
        int size = count - opened < batch ? count - opened : batch;
        for (int i = 0; i < size; i++) {
            ready[i] = (struct pollfd){.fd = open_socket(false), .events = POLLOUT};
            if (!begin_connecting(ready[i].fd, port_echo)) fail("connect");
        }
        wait_for_all(ready, size, POLLOUT);
        wait_for_all(ready, size, POLLIN);
        opened += size;
    }
}

void idle_connections(int count, int server_pid, double seconds) {
    const struct rlimit limit = {(rlim_t)count + 100, (rlim_t)count + 100};
    struct timespec settle = {.tv_nsec = 300000000};
    setrlimit(RLIMIT_NOFILE, &limit);
    int fd = connect_to(port_echo);
    for (int i = 0; i < 100; i++) round_trip(fd, NULL);
    nanosleep(&settle, NULL);
    long resident = resident_kb(server_pid), slab = slab_kb();
    double start = seconds_now();
    open_idle(count);
    double opened = seconds_now();
    nanosleep(&settle, NULL);
    resident = resident_kb(server_pid) - resident;
    slab = slab_kb() - slab;
    struct samples samples = {0};
    round_trips(fd, seconds, &samples);
    printf("{\"connections\": %d, \"opening_seconds\": %.3f, \"resident_bytes_each\": %.1f, "
           "\"slab_bytes_each\": %.1f, ",
           count, opened - start, (double)resident * 1024 / count, (double)slab * 1024 / count);
    print_samples(&samples);
    printf("}\n");
}
