// Joins two TUN devices: what comes out of one goes into the other, as it is.
//
//   pump NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B plain|offloads
//
// Prints "ready"; ends with SIGTERM.
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tun.h"

enum { batch = 64, largest_frame = 65536 + 16 };

// Moves what waits, a batch at most; whether there was anything. What the other device refuses is lost.
static bool move(int from, int to) {
    static char frame[largest_frame];
    int count = 0;
    for (; count < batch; count++) {
        ssize_t length = read(from, frame, sizeof frame);
        if (length <= 0) break;
        if (write(to, frame, (size_t)length) < 0) continue;
    }
    return count > 0;
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: pump NAMESPACE-A DEVICE-A NAMESPACE-B DEVICE-B plain|offloads\n");
        return 2;
    }
    const bool offloads = !strcmp(arguments[5], "offloads");
    const int a = tun_open(arguments[1], arguments[2], offloads), b = tun_open(arguments[3], arguments[4], offloads);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        bool moved = move(a, b);
        if (move(b, a) || moved) continue;
        struct pollfd ready[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
        poll(ready, 2, -1);
    }
}
