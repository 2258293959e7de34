// TUN devices without packet information: one read is one packet.
#ifndef TUN_H
#define TUN_H

#include <stdbool.h>

// Makes the device `name`, or attaches to it, and returns its descriptor, which does not block. A device that was made
// is gone when the descriptor is closed. Ends the program if that fails.
//
// `namespace` is a network namespace as `ip netns` knows it, which the calling thread then stays in; NULL for its own.
//
// With `offloads`, a struct virtio_net_hdr of 10 bytes is before each packet, checksums may be left out, and a packet
// of up to 64 KiB stands for many segments of TCP, or datagrams of UDP where the kernel knows that.
int tun_open(const char *namespace, const char *name, bool offloads);

#endif
