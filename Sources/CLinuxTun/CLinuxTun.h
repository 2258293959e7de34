// What Swift cannot call by itself: variadic `ioctl` and the unions inside `struct ifreq`.
//
// Every function is `static inline`, so the module needs the C library's headers (libc6-dev) and links nothing.
// There is no policy here: one function is one system call, or one look at the list of interfaces.
//
// Results: 0 or a positive value (a descriptor, an MTU, ...) is success, a negative value is `-errno`.
// Addresses are in host byte order: 10.77.0.1 is 0x0A4D0001.
//
// A TUN interface that was made with TUNSETIFF and is not persistent is deleted by closing its descriptor; there is
// no call of its own for that.

#ifndef CLINUXTUN_H
#define CLINUXTUN_H

// The C library's types belong to the module that Swift's Glibc is made of. Without this line they would belong to this
// module as well, and every file that uses one would have to import CLinuxTun (MemberImportVisibility).
#ifdef __swift__
#pragma clang module import SwiftGlibc
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <linux/sched.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The size of an interface name with its terminating zero byte, IFNAMSIZ.
enum { CLINUXTUN_NAME_SIZE = IFNAMSIZ };

// Flags of TUNSETIFF: plain IP packets without a leading protocol word; a virtio header in front of each packet; one of
// several queues of the interface; a tap, which carries Ethernet frames.
enum {
    CLINUXTUN_FLAGS_IP = IFF_TUN | IFF_NO_PI,
    CLINUXTUN_FLAG_HEADER = IFF_VNET_HDR,
    CLINUXTUN_FLAG_QUEUE = IFF_MULTI_QUEUE,
    CLINUXTUN_FLAG_TAP = IFF_TAP
};

// What the kernel may leave undone in packets that it gives, for TUNSETOFFLOAD: checksums; the cutting into segments; the
// same for segments that say CWR.
enum {
    CLINUXTUN_OFFLOAD_CHECKSUM = TUN_F_CSUM,
    CLINUXTUN_OFFLOAD_SEGMENT = TUN_F_TSO4,
    CLINUXTUN_OFFLOAD_SEGMENT_ECN = TUN_F_TSO_ECN
};

// The sizes of a virtio header: the fields that are used, which is what the kernel starts with, and the most that is
// taken for one; what lies between is zero.
enum { CLINUXTUN_HEADER_SIZE = sizeof(struct virtio_net_hdr), CLINUXTUN_HEADER_LIMIT = 64 };

// --- errors -------------------------------------------------------------------------------------------------------

// Declared here because the C library shows them to _GNU_SOURCE alone, and a module that defines that macro sees other
// C types than the rest of the program does.
extern const char *strerrorname_np(int number);
extern const char *strerrordesc_np(int number);
extern int unshare(int flags);

// The symbol of an error number ("EBUSY"), or NULL if the C library knows none. Thread-safe, unlike strerror(3).
static inline const char *clinuxtun_error_name(int number) {
    return strerrorname_np(number);
}

// The untranslated text of an error number, or NULL if the C library knows none. Thread-safe.
static inline const char *clinuxtun_error_text(int number) {
    return strerrordesc_np(number);
}

// --- the device ---------------------------------------------------------------------------------------------------

// Opens /dev/net/tun, non-blocking and closed on exec.
static inline int clinuxtun_open(void) {
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

// Fills in the name of an interface request; a name that does not fit is an error, never cut short.
static inline int clinuxtun_request(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    size_t length = strnlen(name, IFNAMSIZ);
    if (length == IFNAMSIZ) return -ENAMETOOLONG;
    memcpy(request->ifr_name, name, length);
    return 0;
}

// TUNSETIFF: makes the interface `name` or attaches to it. The name the kernel gave it (a name may hold "%d") comes
// back in `assigned`.
static inline int clinuxtun_attach(int descriptor, const char *name, int flags, char assigned[IFNAMSIZ]) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    request.ifr_flags = (short)flags;
    if (ioctl(descriptor, TUNSETIFF, &request) < 0) return -errno;
    memcpy(assigned, request.ifr_name, IFNAMSIZ);
    assigned[IFNAMSIZ - 1] = 0;
    return 0;
}

// TUNSETPERSIST: whether the interface stays (`persistent` not 0) or goes when its last descriptor is closed.
static inline int clinuxtun_set_persistent(int descriptor, int persistent) {
    return ioctl(descriptor, TUNSETPERSIST, persistent ? 1UL : 0UL) < 0 ? -errno : 0;
}

// TUNGETFEATURES: the flags that TUNSETIFF knows.
static inline int clinuxtun_features(int descriptor) {
    unsigned int features = 0;
    return ioctl(descriptor, TUNGETFEATURES, &features) < 0 ? -errno : (int)features;
}

// TUNGETIFF: the flags that the descriptor was attached with; -EBADFD if it is not attached.
static inline int clinuxtun_attached_flags(int descriptor) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    return ioctl(descriptor, TUNGETIFF, &request) < 0 ? -errno : (int)(unsigned short)request.ifr_flags;
}

// TUNSETVNETHDRSZ and TUNGETVNETHDRSZ: the bytes of the virtio header.
static inline int clinuxtun_set_header_size(int descriptor, int bytes) {
    return ioctl(descriptor, TUNSETVNETHDRSZ, &bytes) < 0 ? -errno : 0;
}

static inline int clinuxtun_header_size(int descriptor) {
    int bytes = 0;
    return ioctl(descriptor, TUNGETVNETHDRSZ, &bytes) < 0 ? -errno : bytes;
}

// TUNSETOFFLOAD: what the kernel may leave undone, CLINUXTUN_OFFLOAD_...; 0 for nothing.
static inline int clinuxtun_set_offload(int descriptor, unsigned int offload) {
    return ioctl(descriptor, TUNSETOFFLOAD, (unsigned long)offload) < 0 ? -errno : 0;
}

// --- packets ------------------------------------------------------------------------------------------------------

// These two are called for every packet, and again when a signal interrupts them: they report failure as the C library
// does, by -1 and errno.

// readv of one packet in four pieces behind a virtio header of `size` bytes, CLINUXTUN_HEADER_SIZE to CLINUXTUN_HEADER_LIMIT,
// or behind none if that is 0. The bytes of all together.
static inline ssize_t clinuxtun_read_packet(int descriptor, struct virtio_net_hdr *header, size_t size, void *first,
                                            size_t first_size, void *second, size_t second_size, void *third,
                                            size_t third_size, void *fourth, size_t fourth_size) {
    unsigned char rest[CLINUXTUN_HEADER_LIMIT];
    struct iovec pieces[] = {
        {header, sizeof *header},  {rest, size > sizeof *header ? size - sizeof *header : 0},
        {first, first_size},       {second, second_size},
        {third, third_size},       {fourth, fourth_size},
    };
    int skipped = size == 0 ? 2 : 0;
    return readv(descriptor, pieces + skipped, 6 - skipped);
}

// writev of one packet in three pieces behind a virtio header of `size` bytes, or of none if that is 0.
static inline ssize_t clinuxtun_write_packet(int descriptor, const struct virtio_net_hdr *header, size_t size,
                                             const void *first, size_t first_size, const void *second,
                                             size_t second_size, const void *third, size_t third_size) {
    static const unsigned char zeros[CLINUXTUN_HEADER_LIMIT];
    struct iovec pieces[] = {
        {(void *)header, sizeof *header},  {(void *)zeros, size > sizeof *header ? size - sizeof *header : 0},
        {(void *)first, first_size},       {(void *)second, second_size},
        {(void *)third, third_size},
    };
    int skipped = size == 0 ? 2 : 0;
    return writev(descriptor, pieces + skipped, 5 - skipped);
}

// --- watching -----------------------------------------------------------------------------------------------------

// An epoll set without a descriptor in it.
static inline int clinuxtun_set(void) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    return set < 0 ? -errno : set;
}

// Adds a descriptor: the set is readable while the descriptor is readable, in error or hung up.
static inline int clinuxtun_add(int set, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

// Takes a descriptor out of a set; -ENOENT or -EBADF if it has gone by itself.
static inline int clinuxtun_remove(int set, int descriptor) {
    return epoll_ctl(set, EPOLL_CTL_DEL, descriptor, NULL) < 0 ? -errno : 0;
}

// Waits until one of two descriptors of a set has something to say, a signal comes, or `nanoseconds` have passed (negative: for
// ever). A sum: 1 for `first`, 2 for `second`. Without epoll_pwait2 (before Linux 5.11) the time is in whole milliseconds, rounded
// up.
static inline int clinuxtun_wait(int set, int first, int second, int64_t nanoseconds) {
    struct epoll_event events[2];
    int count;
    if (nanoseconds <= 0) {
        count = epoll_wait(set, events, 2, nanoseconds < 0 ? -1 : 0);
    } else {
        struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        count = epoll_pwait2(set, events, 2, &time, NULL);
        if (count < 0 && errno == ENOSYS) {
            int64_t milliseconds = nanoseconds / 1000000 + 1;
            count = epoll_wait(set, events, 2, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
        }
    }
    if (count < 0) return errno == EINTR ? 0 : -errno;
    int ready = 0;
    for (int i = 0; i < count; i++) ready |= (events[i].data.fd == first) | (events[i].data.fd == second) << 1;
    return ready;
}

// A descriptor that is readable from a ring until it is silenced, eventfd. Ringing fails only when the count in it is at its limit,
// and silencing only when it is 0; it does what it should in both cases.
static inline int clinuxtun_bell(void) {
    int bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return bell < 0 ? -errno : bell;
}

static inline void clinuxtun_ring(int bell) {
    (void)eventfd_write(bell, 1);
}

static inline void clinuxtun_silence(int bell) {
    eventfd_t count;
    (void)eventfd_read(bell, &count);
}

// A thread's name for debuggers, at most 15 bytes of it.
static inline void clinuxtun_name_thread(const char *name) {
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
}

// --- namespaces ---------------------------------------------------------------------------------------------------

// Moves the calling thread, not the process, into a new network namespace: CLONE_NEWNET.
static inline int clinuxtun_new_network(void) {
    return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}

// --- the interface ------------------------------------------------------------------------------------------------

// The socket that interface requests are made on. It carries no traffic.
static inline int clinuxtun_control_socket(void) {
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
}

// The index of an interface, SIOCGIFINDEX: positive; -ENODEV if there is no such interface.
static inline int clinuxtun_index(int control, const char *name) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    return ioctl(control, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
}

// Sets one of the interface's addresses: `command` is SIOCSIFADDR or SIOCSIFNETMASK.
static inline int clinuxtun_set_inet(int control, const char *name, unsigned long command, uint32_t value) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(value)};
    memcpy(&request.ifr_addr, &address, sizeof address);
    return ioctl(control, command, &request) < 0 ? -errno : 0;
}

// Reads one of the interface's addresses: `command` is SIOCGIFADDR or SIOCGIFNETMASK.
static inline int clinuxtun_get_inet(int control, const char *name, unsigned long command, uint32_t *value) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    request.ifr_addr.sa_family = AF_INET;
    if (ioctl(control, command, &request) < 0) return -errno;
    struct sockaddr_in address;
    memcpy(&address, &request.ifr_addr, sizeof address);
    *value = ntohl(address.sin_addr.s_addr);
    return 0;
}

static inline int clinuxtun_set_address(int control, const char *name, uint32_t address) {
    return clinuxtun_set_inet(control, name, SIOCSIFADDR, address);
}

// -EADDRNOTAVAIL if the interface has no IPv4 address.
static inline int clinuxtun_get_address(int control, const char *name, uint32_t *address) {
    return clinuxtun_get_inet(control, name, SIOCGIFADDR, address);
}

static inline int clinuxtun_set_netmask(int control, const char *name, uint32_t netmask) {
    return clinuxtun_set_inet(control, name, SIOCSIFNETMASK, netmask);
}

static inline int clinuxtun_get_netmask(int control, const char *name, uint32_t *netmask) {
    return clinuxtun_get_inet(control, name, SIOCGIFNETMASK, netmask);
}

// The MTU in bytes, SIOCGIFMTU.
static inline int clinuxtun_get_mtu(int control, const char *name) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    return ioctl(control, SIOCGIFMTU, &request) < 0 ? -errno : request.ifr_mtu;
}

static inline int clinuxtun_set_mtu(int control, const char *name, int bytes) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    request.ifr_mtu = bytes;
    return ioctl(control, SIOCSIFMTU, &request) < 0 ? -errno : 0;
}

// 1 if the interface is up, 0 if it is down, SIOCGIFFLAGS.
static inline int clinuxtun_is_up(int control, const char *name) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    if (ioctl(control, SIOCGIFFLAGS, &request) < 0) return -errno;
    return (request.ifr_flags & IFF_UP) != 0;
}

// Brings the interface up (`up` not 0) or takes it down, leaving its other flags alone.
static inline int clinuxtun_set_up(int control, const char *name, int up) {
    struct ifreq request;
    int result = clinuxtun_request(&request, name);
    if (result < 0) return result;
    if (ioctl(control, SIOCGIFFLAGS, &request) < 0) return -errno;
    request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    return ioctl(control, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

// Looks for an interface other than `except` with an IPv4 address inside `network`/`netmask`.
// 1: found, its name and address are stored; 0: there is none.
static inline int clinuxtun_find_address(uint32_t network, uint32_t netmask, const char *except,
                                         char found[IFNAMSIZ], uint32_t *address) {
    struct ifaddrs *list;
    if (getifaddrs(&list) < 0) return -errno;
    int result = 0;
    for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
        if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET) continue;
        struct sockaddr_in inet;
        memcpy(&inet, entry->ifa_addr, sizeof inet);
        uint32_t candidate = ntohl(inet.sin_addr.s_addr);
        if ((candidate & netmask) != (network & netmask) || strncmp(entry->ifa_name, except, IFNAMSIZ) == 0) continue;
        strncpy(found, entry->ifa_name, IFNAMSIZ - 1);
        found[IFNAMSIZ - 1] = 0;
        *address = candidate;
        result = 1;
        break;
    }
    freeifaddrs(list);
    return result;
}

#endif
