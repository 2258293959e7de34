// Waiting for a descriptor to become readable, with a deadline in nanoseconds.
#ifndef CWAIT_H
#define CWAIT_H

#ifdef __swift__
#pragma clang module import SwiftGlibc
#endif

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>

// Declared here because Linux 5.11 has it and headers may not.
extern int epoll_pwait2(int set, struct epoll_event *events, int most, const struct timespec *timeout,
                        const sigset_t *mask);

// An epoll set that holds `descriptor`, or -errno.
static inline int cwait_open(int descriptor) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0) return -errno;
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : set;
}

// Waits until the descriptor is readable or `nanoseconds` have passed; without limit if that is negative. 1 if it is
// readable, 0 if not, or -errno.
static inline int cwait_wait(int set, int64_t nanoseconds) {
    struct epoll_event event;
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int count = epoll_pwait2(set, &event, 1, nanoseconds < 0 ? 0 : &limit, 0);
    return count < 0 ? -errno : count;
}

#endif
