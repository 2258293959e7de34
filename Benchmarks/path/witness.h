// Watches the TCP data that enters a link and counts, without the help of the sender, what it sends again.
#ifndef WITNESS_H
#define WITNESS_H

#include <stdint.h>
#include <stdio.h>

enum { witness_flows = 16 };

struct witness {
    struct witness_flow {
        uint32_t addresses[2];
        uint32_t ports;
        uint32_t highest;       // the sequence number after the last one seen
        uint64_t last_seen;
        uint64_t segments;      // with data
        uint64_t repeated;      // of them, those with nothing new
        uint64_t longest_silence;  // between two segments with data
    } flows[witness_flows];
    unsigned count;
};

// A packet, of any kind, that enters the link at `now` (nanoseconds).
void witness_see(struct witness *witness, const uint8_t *packet, uint32_t length, uint64_t now);

// A member "flows" of a JSON object.
void witness_report(const struct witness *witness, FILE *file);

#endif
