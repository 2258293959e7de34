#include "witness.h"

#include <arpa/inet.h>
#include <string.h>

static uint32_t read32(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static struct witness_flow *find(struct witness *witness, const uint8_t *ip, const uint8_t *tcp) {
    uint32_t source = read32(ip + 12), destination = read32(ip + 16), ports = read32(tcp);
    for (unsigned i = 0; i < witness->count; i++) {
        struct witness_flow *flow = &witness->flows[i];
        if (flow->ports == ports && flow->addresses[0] == source && flow->addresses[1] == destination) return flow;
    }
    if (witness->count == witness_flows) return NULL;
    struct witness_flow *flow = &witness->flows[witness->count++];
    *flow = (struct witness_flow){.addresses = {source, destination}, .ports = ports};
    return flow;
}

void witness_see(struct witness *witness, const uint8_t *packet, uint32_t length, uint64_t now) {
    if (length < 40 || packet[0] >> 4 != 4 || packet[9] != 6) return;
    uint32_t ip_header = (packet[0] & 15) * 4u;
    if (length < ip_header + 20) return;
    const uint8_t *tcp = packet + ip_header;
    uint32_t headers = ip_header + (tcp[12] >> 4) * 4u;
    if (length <= headers) return;
    struct witness_flow *flow = find(witness, packet, tcp);
    if (!flow) return;
    uint32_t end = ntohl(read32(tcp + 4)) + (length - headers);
    if (flow->segments == 0 || (int32_t)(end - flow->highest) > 0)
        flow->highest = end;
    else
        flow->repeated++;
    if (flow->segments++ > 0 && now - flow->last_seen > flow->longest_silence)
        flow->longest_silence = now - flow->last_seen;
    flow->last_seen = now;
}

void witness_report(const struct witness *witness, FILE *file) {
    fprintf(file, "\"flows\": [");
    for (unsigned i = 0; i < witness->count; i++) {
        const struct witness_flow *flow = &witness->flows[i];
        char source[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &flow->addresses[0], source, sizeof source);
        fprintf(file, "%s{\"source\": \"%s\", \"segments\": %llu, \"repeated\": %llu, \"longest_silence_ms\": %.1f}",
                i ? ", " : "", source, (unsigned long long)flow->segments, (unsigned long long)flow->repeated,
                (double)flow->longest_silence / 1e6);
    }
    fprintf(file, "]");
}
