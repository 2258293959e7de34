// How fast a TUN device is without any TCP behind it.
//
//   ceiling read DEVICE SECONDS plain|offloads       reads packets that `ceiling send` makes the kernel put there
//   ceiling write DEVICE SECONDS plain|offloads      writes segments of TCP for which the kernel has no route: it drops them
//   ceiling send ADDRESS SECONDS plain|offloads      sends datagrams
//
// A frame is a packet of 1500 bytes, or with offloads a super-segment of about 64 KiB. The reading one prints "ready"
// first and counts from the first packet on. All print an object in JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tun.h"

enum { mtu = 1500, datagram = mtu - 28, segment = mtu - 40, pieces = 44, batch = 64 };
// The field of an option of UDP sockets, which older headers do not have.
enum { udp_segment = 103 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void report(uint64_t frames, uint64_t bytes, double seconds) {
    if (seconds <= 0) seconds = 1;
    printf("{\"frames\": %llu, \"bytes\": %llu, \"seconds\": %.4f, \"per_second\": %.1f, \"gbit\": %.4f}\n",
           (unsigned long long)frames, (unsigned long long)bytes, seconds, (double)frames / seconds,
           (double)bytes * 8 / seconds / 1e9);
}

static void read_frames(int device, double seconds, size_t header) {
    static char frame[65536 + 16];
    uint64_t frames = 0, bytes = 0;
    double start = 0, last = 0;
    printf("ready\n");
    fflush(stdout);
    while (start == 0 || last - start < seconds) {
        ssize_t length = read(device, frame, sizeof frame);
        if (length < 0) {
            struct pollfd ready = {.fd = device, .events = POLLIN};
            if (poll(&ready, 1, 2000) == 0) break;
            continue;
        }
        if (frames++ % batch == 0) last = now();
        if (start == 0) start = last;
        bytes += (uint64_t)length - header;
    }
    report(frames, bytes, last - start);
}

static uint16_t header_checksum(const uint8_t *header) {
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2) sum += (uint32_t)header[i] << 8 | header[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put16(uint8_t *place, size_t value) {
    place[0] = (uint8_t)(value >> 8);
    place[1] = (uint8_t)value;
}

static void write_frames(int device, double seconds, bool offloads) {
    static uint8_t frame[65536];
    const size_t text = offloads ? (size_t)segment * pieces : segment;
    const size_t header = offloads ? sizeof(struct virtio_net_hdr) : 0, length = header + 40 + text;
    uint8_t *ip = frame + header, *tcp = ip + 20;
    if (offloads) {
        struct virtio_net_hdr vnet = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                                      .hdr_len = 40, .gso_size = segment, .csum_start = 20, .csum_offset = 16};
        memcpy(frame, &vnet, sizeof vnet);
    }
    ip[0] = 0x45;
    put16(ip + 2, 40 + text);
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
    // From and to addresses for documentation, RFC 5737: no route leads there.
    memcpy(ip + 12, (uint8_t[]){192, 0, 2, 1, 198, 51, 100, 1}, 8);
    put16(ip + 10, header_checksum(ip));
    tcp[12] = 0x50;
    tcp[13] = 0x10;
    uint64_t frames = 0;
    const double start = now();
    double elapsed = 0;
    while (elapsed < seconds) {
        for (int i = 0; i < batch; i++)
            if (write(device, frame, length) == (ssize_t)length) frames++;
        elapsed = now() - start;
    }
    report(frames, frames * (length - header), elapsed);
}

static void send_datagrams(const char *address, double seconds, bool offloads) {
    static char bytes[datagram * pieces];
    const size_t length = offloads ? sizeof bytes : datagram;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = datagram;
    if (fd < 0) fail("socket");
    if (offloads && setsockopt(fd, IPPROTO_UDP, udp_segment, &size, sizeof size) < 0) fail("UDP_SEGMENT");
    struct sockaddr_in end = {.sin_family = AF_INET, .sin_port = htons(9)};
    if (inet_pton(AF_INET, address, &end.sin_addr) != 1) fail(address);
    if (connect(fd, (struct sockaddr *)&end, sizeof end) < 0) fail("connect");
    uint64_t sent = 0;
    const double start = now();
    double elapsed = 0;
    while (elapsed < seconds) {
        for (int i = 0; i < batch; i++)
            if (send(fd, bytes, length, 0) == (ssize_t)length) sent++;
        elapsed = now() - start;
    }
    report(sent, sent * length, elapsed);
}

int main(int count, char **arguments) {
    if (count == 5) {
        const char *what = arguments[1], *where = arguments[2];
        const double seconds = atof(arguments[3]);
        const bool offloads = !strcmp(arguments[4], "offloads");
        if (!strcmp(what, "send")) {
            send_datagrams(where, seconds, offloads);
            return 0;
        }
        if (!strcmp(what, "read") || !strcmp(what, "write")) {
            int device = tun_open(NULL, where, offloads);
            if (what[0] == 'r') read_frames(device, seconds, offloads ? sizeof(struct virtio_net_hdr) : 0);
            else write_frames(device, seconds, offloads);
            return 0;
        }
    }
    fprintf(stderr, "usage: ceiling read|write DEVICE SECONDS plain|offloads\n"
                    "       ceiling send ADDRESS SECONDS plain|offloads\n");
    return 2;
}
