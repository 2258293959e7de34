// TUN devices without packet information or offloads: one read is one packet of at most the MTU.
#ifndef TUN_H
#define TUN_H

// Makes the device `name` in the network namespace called `namespace` (as in `ip netns`) and returns its descriptor,
// which does not block. The device is gone when the descriptor is closed. Ends the program if that fails.
int tun_open(const char *namespace, const char *name);

#endif
