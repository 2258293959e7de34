// One TCP connection of gVisor's netstack (Debian's golang-gvisor-gvisor-dev) behind a TUN device that is there already.
//
//	gvisor source|sink DEVICE ADDRESS PORT reno|cubic
//
// Prints "ready"; at SIGTERM an object in JSON with what the stack counted.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"os"
	"os/signal"
	"strconv"
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
)

func openDevice(name string) int {
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
	_, _, errno := unix.Syscall(
		unix.SYS_IOCTL, uintptr(fd), unix.TUNSETIFF, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		log.Fatalf("%s: %v", name, errno)
	}
	return fd
}

func check(what string, err tcpip.Error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func newStack(device, address, control string) *stack.Stack {
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
	link, err := fdbased.New(&fdbased.Options{FDs: []int{openDevice(device)}, MTU: mtu})
	if err != nil {
		log.Fatalf("%s: %v", device, err)
	}
	check("interface", s.CreateNIC(nic, link))
	own := tcpip.Address(net.ParseIP(address).To4())
	check("address", s.AddProtocolAddress(nic, tcpip.ProtocolAddress{
		Protocol: ipv4.ProtocolNumber, AddressWithPrefix: own.WithPrefix(),
	}, stack.AddressProperties{}))
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return s
}

func listen(s *stack.Stack, port uint16) (tcpip.Endpoint, chan struct{}) {
	var queue waiter.Queue
	listener, err := s.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &queue)
	check("socket", err)
	check("bind", listener.Bind(tcpip.FullAddress{Port: port}))
	// A short backlog would make it answer with SYN cookies, and so without window scaling and SACK.
	check("listen", listener.Listen(128))
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

// Sends or throws away until the peer ends the connection.
func serve(connection tcpip.Endpoint, queue *waiter.Queue, sends bool) {
	entry, ready := waiter.NewChannelEntry(
		waiter.ReadableEvents | waiter.WritableEvents | waiter.EventErr | waiter.EventHUp)
	queue.EventRegister(&entry)
	data := bytes.Repeat([]byte{'x'}, 256<<10)
	var reader bytes.Reader
	for {
		var err tcpip.Error
		if sends {
			reader.Reset(data)
			_, err = connection.Write(&reader, tcpip.WriteOptions{})
		} else {
			_, err = connection.Read(io.Discard, tcpip.ReadOptions{})
		}
		if _, blocked := err.(*tcpip.ErrWouldBlock); blocked {
			<-ready
		} else if err != nil {
			connection.Close()
			return
		}
	}
}

func report(s *stack.Stack) {
	counters := s.Stats().TCP
	fmt.Printf("{\"retransmitted\": %d, \"timeouts\": %d, \"fast_recoveries\": %d, \"sack_recoveries\": %d}\n",
		counters.Retransmits.Value(), counters.Timeouts.Value(), counters.FastRecovery.Value(),
		counters.SACKRecovery.Value())
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: gvisor source|sink DEVICE ADDRESS PORT reno|cubic")
		os.Exit(2)
	}
	rand.Seed(time.Now().UnixNano())
	port, err := strconv.ParseUint(os.Args[4], 10, 16)
	if err != nil {
		log.Fatal(err)
	}
	s := newStack(os.Args[2], os.Args[3], os.Args[5])
	listener, ready := listen(s, uint16(port))
	end := make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGTERM, unix.SIGINT)
	fmt.Println("ready")
	go func() {
		for {
			connection, queue := accept(listener, ready)
			go serve(connection, queue, os.Args[1] == "source")
		}
	}()
	<-end
	report(s)
}
