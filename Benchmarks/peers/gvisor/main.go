// Discard (port 9), a source without end (port 19) and echo (port 9877) on gVisor's netstack, Debian's
// golang-gvisor-gvisor-dev, behind a TUN device that is there already.
//
//	gvisor DEVICE ADDRESS reno|cubic plain|offloads
//
// plain is the link endpoint that netstack brings for packets on a descriptor. offloads is one of our own, which
// exchanges super-segments with the device. Prints "ready"; at SIGTERM an object in JSON with what the stack counted.
package main

import (
	"fmt"
	"log"
	"math/rand"
	"net"
	"os"
	"os/signal"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	mtu = 1500
	nic = 1
	// Buffers do not bind: more than 300 Mbit/s need at a round-trip time of 100 ms.
	bufferSize = 16 << 20
	// TUN_F_CSUM and TUN_F_TSO4.
	checksumsAndTSO4 = 1 | 2
	backlog          = 4096
)

func openDevice(name string, offloads bool) int {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		log.Fatalf("/dev/net/tun: %v", err)
	}
	var request struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	request.flags = unix.IFF_TUN | unix.IFF_NO_PI
	if offloads {
		request.flags |= unix.IFF_VNET_HDR
	}
	_, _, errno := unix.Syscall(
		unix.SYS_IOCTL, uintptr(fd), unix.TUNSETIFF, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		log.Fatalf("%s: %v", name, errno)
	}
	if offloads {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNSETOFFLOAD, checksumsAndTSO4)
		if errno != 0 {
			log.Fatalf("%s: offloads: %v", name, errno)
		}
	}
	return fd
}

func check(what string, err tcpip.Error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func newStack(device, address, control string, offloads bool) *stack.Stack {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	sack := tcpip.TCPSACKEnabled(true)
	autotuning := tcpip.TCPModerateReceiveBufferOption(true)
	congestion := tcpip.CongestionControlOption(control)
	for _, option := range []tcpip.SettableTransportProtocolOption{
		&sack, &autotuning, &congestion,
		&tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: bufferSize, Max: bufferSize},
		&tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: 1 << 20, Max: bufferSize},
	} {
		check("option", s.SetTransportProtocolOption(tcp.ProtocolNumber, option))
	}
	check("interface", s.CreateNIC(nic, newLink(openDevice(device, offloads), offloads)))
	own := tcpip.Address(net.ParseIP(address).To4())
	check("address", s.AddProtocolAddress(nic, tcpip.ProtocolAddress{
		Protocol: ipv4.ProtocolNumber, AddressWithPrefix: own.WithPrefix(),
	}, stack.AddressProperties{}))
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return s
}

func newLink(fd int, offloads bool) stack.LinkEndpoint {
	if offloads {
		return &offloadingLink{fd: fd}
	}
	link, err := fdbased.New(&fdbased.Options{FDs: []int{fd}, MTU: mtu})
	if err != nil {
		log.Fatalf("link: %v", err)
	}
	return link
}

func listen(s *stack.Stack, port uint16) (tcpip.Endpoint, chan struct{}) {
	var queue waiter.Queue
	listener, err := s.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &queue)
	check("socket", err)
	check("bind", listener.Bind(tcpip.FullAddress{Port: port}))
	// A short backlog would make it answer with SYN cookies, and so without window scaling and SACK.
	check("listen", listener.Listen(backlog))
	entry, ready := waiter.NewChannelEntry(waiter.ReadableEvents)
	queue.EventRegister(&entry)
	return listener, ready
}

func accept(listener tcpip.Endpoint, ready chan struct{}) (tcpip.Endpoint, *waiter.Queue) {
	for {
		connection, queue, err := listener.Accept(nil)
		if _, blocked := err.(*tcpip.ErrWouldBlock); blocked {
			<-ready
			continue
		}
		check("accept", err)
		return connection, queue
	}
}

func report(s *stack.Stack) {
	counters := s.Stats().TCP
	fmt.Printf("{\"retransmitted\": %d, \"timeouts\": %d, \"fast_recoveries\": %d, \"sack_recoveries\": %d}\n",
		counters.Retransmits.Value(), counters.Timeouts.Value(), counters.FastRecovery.Value(),
		counters.SACKRecovery.Value())
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: gvisor DEVICE ADDRESS reno|cubic plain|offloads")
		os.Exit(2)
	}
	rand.Seed(time.Now().UnixNano())
	s := newStack(os.Args[1], os.Args[2], os.Args[3], os.Args[4] == "offloads")
	for port, service := range services {
		listener, ready := listen(s, port)
		go func(service func(*connection)) {
			for {
				endpoint, queue := accept(listener, ready)
				endpoint.SocketOptions().SetDelayOption(false)
				go serve(endpoint, queue, service)
			}
		}(service)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGTERM, unix.SIGINT)
	fmt.Println("ready")
	<-end
	report(s)
}
