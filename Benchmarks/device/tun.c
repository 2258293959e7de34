#define _GNU_SOURCE
#include "tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Linux 6.2 and later; older headers do not have them.
enum { uso4 = 0x20, uso6 = 0x40 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void enter(const char *namespace) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", namespace);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) fail(path);
    close(fd);
}

int tun_open(const char *namespace, const char *name, bool offloads) {
    if (namespace) enter(namespace);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) fail("/dev/net/tun");
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0)};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(fd, TUNSETIFF, &request) < 0) fail(name);
    if (offloads) {
        const unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4, udp = uso4 | uso6;
        if (ioctl(fd, TUNSETOFFLOAD, tcp | udp) < 0 && ioctl(fd, TUNSETOFFLOAD, tcp) < 0) fail("TUNSETOFFLOAD");
    }
    return fd;
}
