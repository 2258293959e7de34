// Discard (port 9), a source without end (port 19) and echo (port 9877) on lwIP behind a TUN device that is there already.
//
//   lwip DEVICE ADDRESS GATEWAY plain|offloads
//
// With offloads it receives super-segments and leaves checksums out; it has no way to send super-segments.
//
// Prints "ready"; ends with SIGTERM. Debian's library is built for an operating system with threads, but everything is
// called from this one, as the raw interface allows, so its own thread is never started.
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/virtio_net.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "tun.h"

enum { mtu = 1500, most_parts = 64, batch = 64, largest_frame = 65536 + 16, backlog = 255 };
enum service { discard, source, echo, services };

static const u16_t ports[services] = {[discard] = 9, [source] = 19, [echo] = 9877};
static int device;
static bool has_offloads;
static char data[32768];

// A packet's text that did not go back yet.
struct waiting {
    struct pbuf *text;
    struct waiting *next;
};

struct connection {
    enum service service;
    bool ended;
    struct waiting *first, **last;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

#if NO_SYS
u32_t sys_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (u32_t)(time.tv_sec * 1000 + time.tv_nsec / 1000000);
}
#endif

// The device

// Puts the sum of the pseudo-header where the checksum will be, and says so.
static void leave_checksum_out(struct pbuf *packet, struct virtio_net_hdr *header) {
    uint8_t *ip = packet->payload;
    if (ip[9] != IPPROTO_TCP) return;
    const u16_t ip_length = (u16_t)((ip[0] & 15) * 4), tcp_length = (u16_t)(packet->tot_len - ip_length);
    uint32_t sum = IPPROTO_TCP + (uint32_t)tcp_length;
    for (int i = 12; i < 20; i += 2) sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    ip[ip_length + 16] = (uint8_t)(sum >> 8);
    ip[ip_length + 17] = (uint8_t)sum;
    *header = (struct virtio_net_hdr){
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = ip_length, .csum_offset = 16};
}

static err_t output(struct netif *interface, struct pbuf *packet, const ip4_addr_t *next_hop) {
    (void)interface, (void)next_hop;
    struct iovec parts[most_parts];
    struct virtio_net_hdr header = {0};
    int count = 0;
    if (has_offloads) {
        leave_checksum_out(packet, &header);
        parts[count++] = (struct iovec){&header, sizeof header};
    }
    for (struct pbuf *part = packet; part; part = part->next) {
        if (count == most_parts) return ERR_BUF;
        parts[count++] = (struct iovec){part->payload, part->len};
    }
    return writev(device, parts, count) < 0 ? ERR_IF : ERR_OK;
}

static err_t set_up(struct netif *interface) {
    interface->output = output;
    interface->mtu = mtu;
    interface->flags |= NETIF_FLAG_LINK_UP;
    if (has_offloads) {
#if LWIP_CHECKSUM_CTRL_PER_NETIF
        NETIF_SET_CHECKSUM_CTRL(interface, NETIF_CHECKSUM_GEN_IP);
#else
        fprintf(stderr, "lwip: this build cannot leave checksums out\n");
        exit(1);
#endif
    }
    return ERR_OK;
}

static int receive_packets(struct netif *interface) {
    static char frame[largest_frame];
    const size_t header = has_offloads ? sizeof(struct virtio_net_hdr) : 0;
    int count = 0;
    for (; count < batch; count++) {
        ssize_t length = read(device, frame, sizeof frame);
        if (length <= (ssize_t)header) break;
        const u16_t size = (u16_t)((size_t)length - header);
        struct pbuf *packet = pbuf_alloc(PBUF_RAW, size, PBUF_RAM);
        if (!packet) continue;
        pbuf_take(packet, frame + header, size);
        if (interface->input(packet, interface) != ERR_OK) pbuf_free(packet);
    }
    return count;
}

// The services

static void send_more(struct tcp_pcb *pcb) {
    for (;;) {
        tcpwnd_size_t room = tcp_sndbuf(pcb);
        u16_t length = room < sizeof data ? (u16_t)room : (u16_t)sizeof data;
        if (length == 0 || tcp_write(pcb, data, length, 0) != ERR_OK) break;
    }
    tcp_output(pcb);
}

static void drop_first(struct connection *connection) {
    struct waiting *first = connection->first;
    connection->first = first->next;
    if (!connection->first) connection->last = &connection->first;
    if (first->text) pbuf_free(first->text);
    free(first);
}

static void forget(struct connection *connection) {
    while (connection->first) drop_first(connection);
    free(connection);
}

static err_t finish(struct tcp_pcb *pcb, struct connection *connection) {
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    tcp_err(pcb, NULL);
    forget(connection);
    if (tcp_close(pcb) == ERR_OK) return ERR_OK;
    tcp_abort(pcb);
    return ERR_ABRT;
}

// Sends back what waits, buffer by buffer, and opens the window by as much.
static err_t send_back(struct tcp_pcb *pcb, struct connection *connection) {
    struct waiting *first;
    while ((first = connection->first)) {
        tcpwnd_size_t room = tcp_sndbuf(pcb);
        u16_t length = first->text->len < room ? first->text->len : (u16_t)room;
        if (length == 0 || tcp_write(pcb, first->text->payload, length, TCP_WRITE_FLAG_COPY) != ERR_OK) break;
        tcp_recved(pcb, length);
        first->text = pbuf_free_header(first->text, length);
        if (!first->text) drop_first(connection);
    }
    tcp_output(pcb);
    return connection->ended && !connection->first ? finish(pcb, connection) : ERR_OK;
}

static err_t on_sent(void *argument, struct tcp_pcb *pcb, u16_t length) {
    (void)length;
    struct connection *connection = argument;
    if (!connection) return ERR_OK;
    if (connection->service == echo) return send_back(pcb, connection);
    if (connection->service == source) send_more(pcb);
    return ERR_OK;
}

static err_t on_poll(void *argument, struct tcp_pcb *pcb) {
    return on_sent(argument, pcb, 0);
}

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *packet, err_t error) {
    (void)error;
    struct connection *connection = argument;
    if (!packet) {
        connection->ended = true;
        return connection->first ? ERR_OK : finish(pcb, connection);
    }
    if (connection->service != echo) {
        tcp_recved(pcb, packet->tot_len);
        pbuf_free(packet);
        return ERR_OK;
    }
    struct waiting *waiting = malloc(sizeof *waiting);
    if (!waiting) return ERR_MEM;
    *waiting = (struct waiting){.text = packet};
    *connection->last = waiting;
    connection->last = &waiting->next;
    return send_back(pcb, connection);
}

static void on_error(void *argument, err_t error) {
    (void)error;
    if (argument) forget(argument);
}

static err_t on_accepted(void *service, struct tcp_pcb *pcb, err_t error) {
    if (error != ERR_OK || !pcb) return ERR_VAL;
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) return ERR_MEM;
    connection->service = *(const enum service *)service;
    connection->last = &connection->first;
    tcp_arg(pcb, connection);
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, on_received);
    tcp_err(pcb, on_error);
    tcp_sent(pcb, on_sent);
    tcp_poll(pcb, on_poll, 1);
    if (connection->service == source) send_more(pcb);
    return ERR_OK;
}

static void listen_on(enum service service) {
    static const enum service names[services] = {discard, source, echo};
    struct tcp_pcb *pcb = tcp_new();
    if (!pcb || tcp_bind(pcb, IP4_ADDR_ANY, ports[service]) != ERR_OK) fail("lwIP: bind");
    pcb = tcp_listen_with_backlog(pcb, backlog);
    if (!pcb) fail("lwIP: listen");
    tcp_arg(pcb, (void *)&names[service]);
    tcp_accept(pcb, on_accepted);
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: lwip DEVICE ADDRESS GATEWAY plain|offloads\n");
        return 2;
    }
    memset(data, 'x', sizeof data);
    has_offloads = !strcmp(arguments[4], "offloads");
    device = tun_open(NULL, arguments[1], has_offloads);
    lwip_init();
    static struct netif interface;
    ip4_addr_t address, gateway, mask;
    if (!ip4addr_aton(arguments[2], &address) || !ip4addr_aton(arguments[3], &gateway)) fail("address");
    IP4_ADDR(&mask, 255, 255, 255, 0);
    if (!netif_add(&interface, &address, &mask, &gateway, NULL, set_up, ip_input)) fail("lwIP: interface");
    netif_set_default(&interface);
    netif_set_up(&interface);
    for (enum service service = 0; service < services; service++) listen_on(service);
    printf("ready\nlwIP %s, TCP_MSS %d, TCP_WND %u, TCP_SND_BUF %u\n", LWIP_VERSION_STRING, TCP_MSS, (unsigned)TCP_WND,
           (unsigned)TCP_SND_BUF);
    fflush(stdout);
    for (;;) {
        int received = receive_packets(&interface);
        sys_check_timeouts();
        if (received == batch) continue;
        u32_t sleep_ms = sys_timeouts_sleeptime();
        struct pollfd ready = {.fd = device, .events = POLLIN};
        poll(&ready, 1, sleep_ms < 1000 ? (int)sleep_ms : 1000);
    }
}
