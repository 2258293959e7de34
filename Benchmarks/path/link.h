// One direction of the emulated path: a bounded queue before a bottleneck, then a wire that delays, loses and reorders.
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "chance.h"
#include "witness.h"

// Times are in nanoseconds.
struct link_options {
    uint64_t seed;
    double rate;              // bits per second; 0: without limit
    unsigned queue_limit;     // packets that may wait for the bottleneck, the one that it is busy with included
    uint64_t delay;           // one way
    uint64_t jitter;          // the delay varies by 0 to this, order kept
    uint64_t jitter_period;   // for how long one variation holds
    double loss;              // probability that a packet is lost on the wire, each on its own
    double burst_entry;       // Gilbert-Elliott: probability per packet to enter the bad state,
    double burst_exit;        // to leave it,
    double burst_loss;        // and to be lost in it
    double reordering;        // share of the packets that are held back,
    uint64_t reordering_delay;// by this long
};

struct link_counters {
    uint64_t in, out, bytes_out;
    uint64_t lost;            // on the wire
    uint64_t queue_dropped;   // tail drop
    uint64_t reordered;       // held back
    uint64_t overflowed;      // more in flight than the emulator has room for: the run is void
    uint64_t refused;         // by the device they should leave through
    uint64_t longest_queue;
    uint64_t late_total, late_max;  // how long after its time a packet left
};

enum { packet_room = 2048, line_room = 1 << 14 };

// Packets under way, in the order in which they leave.
struct line {
    struct parcel {
        uint64_t due;
        uint32_t length;
        uint8_t bytes[packet_room];
    } *parcels;
    uint64_t head, tail;
};

struct link {
    struct link_options options;
    chance loss, burst_entry, burst_exit, burst_loss, reordering;
    double ns_per_byte;
    uint64_t start;             // the instant that jitter is counted from
    uint64_t ordinal;           // of the next packet; decides its fate
    bool in_burst;
    uint64_t busy_until;        // when the bottleneck has sent what it has
    uint64_t *sent_at;          // a ring of `queue_limit`: when each waiting packet will have been sent
    uint64_t queue_head, queue_tail;
    uint64_t last_due;
    // Two lines are enough to keep everything sorted: what is held back is so by the same time for all.
    struct line straight, held_back;
    struct link_counters counters;
    struct witness witness;
};

void link_open(struct link *link, const struct link_options *options, uint64_t now);

// A packet enters; `length` is at most `packet_room`.
void link_accept(struct link *link, const uint8_t *packet, uint32_t length, uint64_t now);

// When the next packet leaves, UINT64_MAX if none is under way.
uint64_t link_next_due(const struct link *link);

// The packet that leaves next, if its time has come. Valid until the next call with this link.
const struct parcel *link_take(struct link *link, uint64_t now);

// The counters as members of a JSON object.
void link_report(const struct link *link, FILE *file);

#endif
