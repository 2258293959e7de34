// Reproducible chance: a draw depends on the seed, on what is drawn and on a running number, and on nothing else.
#ifndef CHANCE_H
#define CHANCE_H

#include <stdbool.h>
#include <stdint.h>

// A probability from 0 to 1, as the share of the 64-bit numbers that are below it.
typedef struct {
    uint64_t below;
    bool always;
} chance;

static inline chance chance_of(double probability) {
    return (chance){.below = probability >= 1 ? 0 : (uint64_t)(probability * 18446744073709551616.0),
                    .always = probability >= 1};
}

// 64 evenly distributed bits for draw number `number` of `seed`: the mixing step of SplitMix64, twice.
static inline uint64_t draw(uint64_t seed, uint64_t number) {
    uint64_t bits = seed + number * 0x9e3779b97f4a7c15u;
    for (int round = 0; round < 2; round++) {
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
        bits ^= bits >> 31;
        bits += 0x9e3779b97f4a7c15u;
    }
    return bits;
}

static inline bool happens(chance probability, uint64_t bits) {
    return probability.always || bits < probability.below;
}

#endif
