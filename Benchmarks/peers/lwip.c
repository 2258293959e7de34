// One TCP connection of lwIP (Debian's liblwip) behind a TUN device that is there already.
//
//   lwip source|sink DEVICE ADDRESS GATEWAY PORT
//
// Prints "ready"; ends with SIGTERM. The library is built for an operating system with threads, but everything is
// called from this one, as the raw interface allows, so its own thread is never started.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"

enum { mtu = 1500, most_parts = 16, batch = 32 };

static int device;
static char data[32768];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static err_t output(struct netif *interface, struct pbuf *packet, const ip4_addr_t *next_hop) {
    (void)interface, (void)next_hop;
    struct iovec parts[most_parts];
    int count = 0;
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
    return ERR_OK;
}

static void send_more(struct tcp_pcb *connection) {
    for (;;) {
        tcpwnd_size_t room = tcp_sndbuf(connection);
        u16_t length = room < sizeof data ? (u16_t)room : (u16_t)sizeof data;
        if (length == 0 || tcp_write(connection, data, length, 0) != ERR_OK) break;
    }
    tcp_output(connection);
}

static err_t on_sent(void *argument, struct tcp_pcb *connection, u16_t length) {
    (void)argument, (void)length;
    send_more(connection);
    return ERR_OK;
}

static err_t on_poll(void *argument, struct tcp_pcb *connection) {
    return on_sent(argument, connection, 0);
}

static err_t on_received(void *argument, struct tcp_pcb *connection, struct pbuf *packet, err_t error) {
    (void)argument, (void)error;
    if (!packet) return tcp_close(connection);
    tcp_recved(connection, packet->tot_len);
    pbuf_free(packet);
    return ERR_OK;
}

static err_t on_accepted(void *is_source, struct tcp_pcb *connection, err_t error) {
    if (error != ERR_OK || !connection) return ERR_VAL;
    tcp_recv(connection, on_received);
    if (is_source) {
        tcp_sent(connection, on_sent);
        tcp_poll(connection, on_poll, 1);
        send_more(connection);
    }
    return ERR_OK;
}

static void listen_on(const char *port, int is_source) {
    struct tcp_pcb *listener = tcp_new();
    if (!listener || tcp_bind(listener, IP4_ADDR_ANY, (u16_t)atoi(port)) != ERR_OK) fail("lwIP: bind");
    listener = tcp_listen(listener);
    if (!listener) fail("lwIP: listen");
    tcp_arg(listener, is_source ? data : NULL);
    tcp_accept(listener, on_accepted);
}

static void open_device(const char *name) {
    device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (device < 0) fail("/dev/net/tun");
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(device, TUNSETIFF, &request) < 0) fail(name);
}

static int receive_packets(struct netif *interface) {
    static char bytes[mtu];
    int count = 0;
    for (; count < batch; count++) {
        ssize_t length = read(device, bytes, sizeof bytes);
        if (length <= 0) break;
        struct pbuf *packet = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);
        if (!packet) continue;
        pbuf_take(packet, bytes, (u16_t)length);
        if (interface->input(packet, interface) != ERR_OK) pbuf_free(packet);
    }
    return count;
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "usage: lwip source|sink DEVICE ADDRESS GATEWAY PORT\n");
        return 2;
    }
    memset(data, 'x', sizeof data);
    open_device(arguments[2]);
    lwip_init();
    static struct netif interface;
    ip4_addr_t address, gateway, mask;
    if (!ip4addr_aton(arguments[3], &address) || !ip4addr_aton(arguments[4], &gateway)) fail("address");
    IP4_ADDR(&mask, 255, 255, 255, 0);
    if (!netif_add(&interface, &address, &mask, &gateway, NULL, set_up, ip_input)) fail("lwIP: interface");
    netif_set_default(&interface);
    netif_set_up(&interface);
    listen_on(arguments[5], !strcmp(arguments[1], "source"));
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
