// Joins two network namespaces by an emulated path: a TUN device in each, and a link in each direction between them.
//
//   path NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B [OPTION=VALUE...]
//
// A value is for both directions, or, with a comma, for A to B and for B to A: `loss=0,0.01`.
//
//   seed=N  rate=MBIT  queue=PACKETS  delay=MS  jitter=MS  jitter-period=MS
//   loss=SHARE  burst-entry=SHARE burst-exit=SHARE burst-loss=SHARE  reordering=SHARE reordering-delay=MS
//   priority=N   run with this real-time priority, where allowed
//
// Prints "ready" when the devices exist, and at SIGTERM or SIGINT an object in JSON with what it counted.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "tun.h"

enum { batch = 32 };
// A sleep that is shorter than this is not worth its wake-up.
enum { shortest_sleep = 5000 };

static volatile sig_atomic_t stopping;

static void stop(int number) {
    (void)number;
    stopping = 1;
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void set(struct link_options *options, const char *name, double value) {
    const uint64_t ns = value < 0 ? 0 : (uint64_t)(value * 1e6);
    if (!strcmp(name, "seed")) options->seed = (uint64_t)value;
    else if (!strcmp(name, "rate")) options->rate = value * 1e6;
    else if (!strcmp(name, "queue")) options->queue_limit = value < 1 ? 1 : (unsigned)value;
    else if (!strcmp(name, "delay")) options->delay = ns;
    else if (!strcmp(name, "jitter")) options->jitter = ns;
    else if (!strcmp(name, "jitter-period")) options->jitter_period = ns ? ns : 1;
    else if (!strcmp(name, "loss")) options->loss = value;
    else if (!strcmp(name, "burst-entry")) options->burst_entry = value;
    else if (!strcmp(name, "burst-exit")) options->burst_exit = value;
    else if (!strcmp(name, "burst-loss")) options->burst_loss = value;
    else if (!strcmp(name, "reordering")) options->reordering = value;
    else if (!strcmp(name, "reordering-delay")) options->reordering_delay = ns;
    else {
        fprintf(stderr, "path: there is no option %s\n", name);
        exit(2);
    }
}

static void parse(char *argument, struct link_options options[2], int *priority) {
    char *value = strchr(argument, '=');
    if (!value) {
        fprintf(stderr, "path: %s is not OPTION=VALUE\n", argument);
        exit(2);
    }
    *value++ = 0;
    char *rest;
    double first = strtod(value, &rest), second = *rest == ',' ? strtod(rest + 1, &rest) : first;
    if (*rest || rest == value) {
        fprintf(stderr, "path: %s=%s is not a number, or two with a comma between\n", argument, value);
        exit(2);
    }
    if (!strcmp(argument, "priority")) {
        *priority = (int)first;
        return;
    }
    set(&options[0], argument, first);
    set(&options[1], argument, second);
}

// Lets what is due out of the link, and what waits at its entry in. Returns whether there was anything.
static bool serve(struct link *link, int entry, int exit) {
    bool busy = false;
    const struct parcel *parcel;
    while ((parcel = link_take(link, now()))) {
        busy = true;
        if (write(exit, parcel->bytes, parcel->length) != (ssize_t)parcel->length) {
            link->counters.refused++;
            continue;
        }
        link->counters.out++;
        link->counters.bytes_out += parcel->length;
    }
    uint8_t packet[packet_room];
    for (int i = 0; i < batch; i++) {
        ssize_t length = read(entry, packet, sizeof packet);
        if (length <= 0) break;
        busy = true;
        // What the kernel says to its neighbours (IPv6) is not part of the experiment and must not shift the ordinals.
        if (packet[0] >> 4 == 4) link_accept(link, packet, (uint32_t)length, now());
    }
    return busy;
}

static void wait_for(const struct link links[2], const int devices[2]) {
    uint64_t a = link_next_due(&links[0]), b = link_next_due(&links[1]);
    uint64_t due = a < b ? a : b, instant = now();
    struct timespec timeout = {.tv_sec = 1};
    if (due != UINT64_MAX) {
        uint64_t time = due > instant ? due - instant : 0;
        if (time < shortest_sleep) return;
        timeout = (struct timespec){.tv_sec = (time_t)(time / 1000000000u), .tv_nsec = (long)(time % 1000000000u)};
    }
    struct pollfd ready[2] = {{.fd = devices[0], .events = POLLIN}, {.fd = devices[1], .events = POLLIN}};
    ppoll(ready, 2, &timeout, NULL);
}

static void report(const struct link links[2]) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"cpu_seconds\": %.2f, \"a_to_b\": {",
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    link_report(&links[0], stdout);
    printf("}, \"b_to_a\": {");
    link_report(&links[1], stdout);
    printf("}}\n");
}

int main(int count, char **arguments) {
    if (count < 5) {
        fprintf(stderr, "usage: path NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B [OPTION=VALUE[,VALUE]...]\n");
        return 2;
    }
    int priority = 0;
    struct link_options options[2] = {{.queue_limit = 1000, .jitter_period = 1000000},
                                      {.queue_limit = 1000, .jitter_period = 1000000}};
    for (int i = 5; i < count; i++) parse(arguments[i], options, &priority);
    // The same chance in both directions would lose a packet and its answer together.
    options[1].seed = draw(options[1].seed, 1);

    const int devices[2] = {tun_open(arguments[1], arguments[2], false),
                            tun_open(arguments[3], arguments[4], false)};
    static struct link links[2];
    link_open(&links[0], &options[0], now());
    link_open(&links[1], &options[1], now());

    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    prctl(PR_SET_TIMERSLACK, 1);
    if (priority > 0 && sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = priority}) < 0)
        fprintf(stderr, "path: no real-time priority (%s): packets may leave late\n", strerror(errno));
    printf("ready\n");
    fflush(stdout);

    while (!stopping) {
        // Both, whatever the first has done.
        bool forward = serve(&links[0], devices[0], devices[1]);
        bool backward = serve(&links[1], devices[1], devices[0]);
        if (!forward && !backward) wait_for(links, devices);
    }
    report(links);
    return 0;
}
