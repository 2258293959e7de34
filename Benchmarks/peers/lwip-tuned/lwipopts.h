// How lwIP is built for a fair comparison: no threads, memory by malloc, and a window of 1 MB, which one connection on the
// same machine does not exhaust. Debian's library has 64 KB.
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 1
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define SYS_LIGHTWEIGHT_PROT 0

#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define LWIP_UDP 0
#define LWIP_RAW 0
#define LWIP_STATS 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0

#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 5
#define TCP_WND (1024 * 1024)
#define TCP_SND_BUF (1024 * 1024)
#define TCP_SNDLOWAT 32768
#define TCP_SND_QUEUELEN 4096
#define MEMP_NUM_TCP_SEG 4096
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1

// Checksums are summed while copying, where they are computed at all; a device may do them.
#define LWIP_CHECKSUM_ON_COPY 1
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#endif
