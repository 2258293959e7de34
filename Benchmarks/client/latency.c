// One byte there and back, alone and beside a connection that takes all it can get.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <errno.h>

#include "client.h"

void ping(double seconds) {
    struct samples samples = {0};
    round_trips(connect_to(port_echo), seconds, &samples);
    printf("{\"seconds\": %.3f, ", seconds);
    print_samples(&samples);
    printf("}\n");
}

static struct {
    int fd;
    bool up;
    volatile bool stopping;
    uint64_t bytes;
} bulk;

static void *run_bulk(void *unused) {
    (void)unused;
    static uint8_t buffer[chunk];
    while (!bulk.stopping) {
        ssize_t count = bulk.up ? send(bulk.fd, pattern, chunk, MSG_NOSIGNAL) : recv(bulk.fd, buffer, chunk, 0);
        if (count <= 0) fail("the bulk flow");
        bulk.bytes += (uint64_t)count;
    }
    return NULL;
}

// A flow asks again as soon as it has its answer; all of them are watched at once.
void small_beside_bulk(double seconds, int flows, bool up) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    uint64_t *asked = calloc((size_t)flows, sizeof *asked);
    int *sockets = calloc((size_t)flows, sizeof *sockets);
    for (int i = 0; i < flows; i++) {
        sockets[i] = connect_to(port_echo);
        round_trip(sockets[i], NULL);
        epoll_ctl(set, EPOLL_CTL_ADD, sockets[i], &(struct epoll_event){.events = EPOLLIN, .data.u32 = (uint32_t)i});
    }
    bulk.up = up;
    bulk.fd = connect_to(up ? port_discard : port_source);
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, run_bulk, NULL))) fail("thread");

    struct samples samples = {0};
    char byte = 'x';
    double start = seconds_now(), elapsed = 0;
    for (int i = 0; i < flows; i++) {
        asked[i] = ns_now();
        if (send(sockets[i], &byte, 1, MSG_NOSIGNAL) != 1) fail("send a byte");
    }
    while (elapsed < seconds) {
        struct epoll_event events[64];
        int count = epoll_wait(set, events, 64, 10000);
        if (count == 0) errno = ETIMEDOUT;
        if (count <= 0) fail("small flows");
        for (int i = 0; i < count; i++) {
            uint32_t flow = events[i].data.u32;
            if (recv(sockets[flow], &byte, 1, 0) != 1) fail("receive a byte");
            uint64_t time = ns_now();
            add_sample(&samples, time - asked[flow]);
            asked[flow] = time;
            if (send(sockets[flow], &byte, 1, MSG_NOSIGNAL) != 1) fail("send a byte");
        }
        elapsed = seconds_now() - start;
    }
    bulk.stopping = true;
    pthread_join(thread, NULL);
    reset(bulk.fd);
    printf("{\"seconds\": %.3f, \"flows\": %d, \"bulk_gbit\": %.4f, ", elapsed, flows,
           (double)bulk.bytes * 8 / elapsed / 1e9);
    print_samples(&samples);
    printf("}\n");
}
