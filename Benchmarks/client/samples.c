#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "client.h"

// The first round trips fill caches and let the congestion window and the acknowledgment policy settle.
enum { warm_up = 200 };

void add_sample(struct samples *samples, uint64_t ns) {
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : 1 << 16;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        if (!samples->values) fail("memory");
    }
    samples->values[samples->count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int ascending(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static double quantile_us(const struct samples *samples, unsigned per_mille) {
    if (samples->count == 0) return 0;
    size_t index = samples->count * per_mille / 1000;
    return samples->values[index < samples->count ? index : samples->count - 1] / 1e3;
}

void print_samples(struct samples *samples) {
    qsort(samples->values, samples->count, sizeof *samples->values, ascending);
    printf("\"count\": %zu, \"p50_us\": %.2f, \"p99_us\": %.2f, \"p999_us\": %.2f, \"max_us\": %.2f", samples->count,
           quantile_us(samples, 500), quantile_us(samples, 990), quantile_us(samples, 999), quantile_us(samples, 1000));
}

void round_trip(int fd, struct samples *samples) {
    static uint8_t number;
    uint8_t sent = ++number, back = 0;
    uint64_t start = ns_now();
    errno = 0;
    if (send(fd, &sent, 1, MSG_NOSIGNAL) != 1) fail("send a byte");
    if (recv(fd, &back, 1, 0) != 1) fail("receive a byte");
    if (samples) add_sample(samples, ns_now() - start);
    if (back != sent) {
        errno = EBADMSG;
        fail("echo");
    }
}

void round_trips(int fd, double seconds, struct samples *samples) {
    for (int i = 0; i < warm_up; i++) round_trip(fd, NULL);
    for (double end = seconds_now() + seconds; seconds_now() < end;) round_trip(fd, samples);
}
