#include "link.h"

#include <stdlib.h>
#include <string.h>

// What a draw is for: each use has numbers of its own, so that switching one on leaves the others as they were.
enum purpose { for_loss = 1, for_burst, for_burst_loss, for_reordering, for_jitter };

static uint64_t draw_for(const struct link *link, enum purpose purpose, uint64_t number) {
    return draw(draw(link->options.seed, purpose), number);
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        perror("memory");
        exit(1);
    }
    return memory;
}

void link_open(struct link *link, const struct link_options *options, uint64_t now) {
    *link = (struct link){.options = *options, .start = now};
    link->loss = chance_of(options->loss);
    link->burst_entry = chance_of(options->burst_entry);
    link->burst_exit = chance_of(options->burst_exit);
    link->burst_loss = chance_of(options->burst_loss);
    link->reordering = chance_of(options->reordering);
    link->ns_per_byte = options->rate > 0 ? 8e9 / options->rate : 0;
    link->sent_at = allocate(options->queue_limit, sizeof *link->sent_at);
    link->straight.parcels = allocate(line_room, sizeof(struct parcel));
    link->held_back.parcels = allocate(line_room, sizeof(struct parcel));
}

// Puts a packet behind those that wait for the bottleneck; false if there is no room. `sent`: when it has been sent.
static bool enqueue(struct link *link, uint32_t length, uint64_t now, uint64_t *sent) {
    unsigned limit = link->options.queue_limit;
    while (link->queue_head != link->queue_tail && link->sent_at[link->queue_head % limit] <= now) link->queue_head++;
    uint64_t waiting = link->queue_tail - link->queue_head;
    if (waiting >= limit) return false;
    uint64_t begin = link->busy_until > now ? link->busy_until : now;
    link->busy_until = begin + (uint64_t)(length * link->ns_per_byte);
    link->sent_at[link->queue_tail++ % limit] = link->busy_until;
    if (waiting + 1 > link->counters.longest_queue) link->counters.longest_queue = waiting + 1;
    *sent = link->busy_until;
    return true;
}

// Whether the wire loses the packet `ordinal`. Must be asked once for each, in order: a burst goes on from one to the next.
static bool is_lost(struct link *link, uint64_t ordinal) {
    chance change = link->in_burst ? link->burst_exit : link->burst_entry;
    if (happens(change, draw_for(link, for_burst, ordinal))) link->in_burst = !link->in_burst;
    if (link->in_burst && happens(link->burst_loss, draw_for(link, for_burst_loss, ordinal))) return true;
    return happens(link->loss, draw_for(link, for_loss, ordinal));
}

static uint64_t jitter_at(const struct link *link, uint64_t instant) {
    const struct link_options *options = &link->options;
    if (options->jitter == 0) return 0;
    uint64_t period = (instant - link->start) / options->jitter_period;
    return draw_for(link, for_jitter, period) % (options->jitter + 1);
}

static void put(struct link *link, struct line *line, const uint8_t *packet, uint32_t length, uint64_t due) {
    if (line->tail - line->head == line_room) {
        link->counters.overflowed++;
        return;
    }
    struct parcel *parcel = &line->parcels[line->tail++ % line_room];
    parcel->due = due;
    parcel->length = length;
    memcpy(parcel->bytes, packet, length);
}

void link_accept(struct link *link, const uint8_t *packet, uint32_t length, uint64_t now) {
    uint64_t ordinal = link->ordinal++;
    link->counters.in++;
    witness_see(&link->witness, packet, length, now);
    bool lost = is_lost(link, ordinal);
    uint64_t sent;
    if (!enqueue(link, length, now, &sent)) {
        link->counters.queue_dropped++;
        return;
    }
    if (lost) {
        link->counters.lost++;
        return;
    }
    uint64_t due = sent + link->options.delay + jitter_at(link, sent);
    if (due < link->last_due) due = link->last_due;
    link->last_due = due;
    if (happens(link->reordering, draw_for(link, for_reordering, ordinal))) {
        link->counters.reordered++;
        put(link, &link->held_back, packet, length, due + link->options.reordering_delay);
    } else {
        put(link, &link->straight, packet, length, due);
    }
}

static uint64_t line_due(const struct line *line) {
    return line->head == line->tail ? UINT64_MAX : line->parcels[line->head % line_room].due;
}

uint64_t link_next_due(const struct link *link) {
    uint64_t straight = line_due(&link->straight), held_back = line_due(&link->held_back);
    return straight < held_back ? straight : held_back;
}

const struct parcel *link_take(struct link *link, uint64_t now) {
    uint64_t due = link_next_due(link);
    if (due > now) return NULL;
    uint64_t late = now - due;
    link->counters.late_total += late;
    if (late > link->counters.late_max) link->counters.late_max = late;
    struct line *line = due == line_due(&link->straight) ? &link->straight : &link->held_back;
    return &line->parcels[line->head++ % line_room];
}

void link_report(const struct link *link, FILE *file) {
    const struct link_counters *c = &link->counters;
    const struct { const char *name; uint64_t value; } members[] = {
        {"in", c->in}, {"out", c->out}, {"bytes_out", c->bytes_out}, {"lost", c->lost},
        {"queue_dropped", c->queue_dropped}, {"reordered", c->reordered}, {"overflowed", c->overflowed},
        {"refused", c->refused}, {"longest_queue", c->longest_queue},
        {"late_mean_us", c->out ? c->late_total / c->out / 1000 : 0}, {"late_max_us", c->late_max / 1000},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        fprintf(file, "\"%s\": %llu, ", members[i].name, (unsigned long long)members[i].value);
    witness_report(&link->witness, file);
}
