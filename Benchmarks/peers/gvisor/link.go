package main

import (
	"encoding/binary"
	"log"
	"sync"

	"gvisor.dev/gvisor/pkg/bufferv2"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/rawfile"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

const (
	// The struct virtio_net_hdr before each frame, and what is in it.
	virtioHeader = 10
	needsSum     = 1
	tcpv4        = 1
	largestFrame = 65536 + virtioHeader
	largestGSO   = 65000
	mostParts    = 1024
)

// offloadingLink exchanges super-segments with a TUN device that has a virtio header before each frame.
type offloadingLink struct {
	fd         int
	dispatcher stack.NetworkDispatcher
	running    sync.WaitGroup
}

func (*offloadingLink) MTU() uint32                             { return mtu }
func (*offloadingLink) MaxHeaderLength() uint16                 { return 0 }
func (*offloadingLink) LinkAddress() tcpip.LinkAddress          { return "" }
func (*offloadingLink) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }
func (*offloadingLink) AddHeader(stack.PacketBufferPtr)         {}
func (*offloadingLink) GSOMaxSize() uint32                      { return largestGSO }
func (*offloadingLink) SupportedGSO() stack.SupportedGSO        { return stack.HostGSOSupported }
func (l *offloadingLink) IsAttached() bool                      { return l.dispatcher != nil }
func (l *offloadingLink) Wait()                                 { l.running.Wait() }

func (*offloadingLink) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityRXChecksumOffload
}

func (l *offloadingLink) Attach(dispatcher stack.NetworkDispatcher) {
	if dispatcher == nil {
		return
	}
	l.dispatcher = dispatcher
	l.running.Add(1)
	go l.receive()
}

func (l *offloadingLink) receive() {
	defer l.running.Done()
	frame := make([]byte, largestFrame)
	for {
		count, err := rawfile.BlockingRead(l.fd, frame)
		if err != nil {
			log.Printf("read: %v", err)
			return
		}
		if count <= virtioHeader || frame[virtioHeader]>>4 != 4 {
			continue
		}
		view := bufferv2.NewViewWithData(frame[virtioHeader:count])
		packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: bufferv2.MakeWithView(view)})
		l.dispatcher.DeliverNetworkPacket(header.IPv4ProtocolNumber, packet)
		packet.DecRef()
	}
}

func (l *offloadingLink) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	for written, packet := range packets.AsSlice() {
		head := describe(packet)
		parts := rawfile.AppendIovecFromBytes(nil, head[:], mostParts)
		for _, part := range packet.AsSlices() {
			parts = rawfile.AppendIovecFromBytes(parts, part, mostParts)
		}
		if err := rawfile.NonBlockingWriteIovec(l.fd, parts); err != nil {
			return written, err
		}
	}
	return packets.Len(), nil
}

// describe says what the kernel is to do with a packet.
func describe(packet stack.PacketBufferPtr) (head [virtioHeader]byte) {
	options := packet.GSOOptions
	if options.Type == stack.GSONone {
		return head
	}
	binary.LittleEndian.PutUint16(head[2:], uint16(packet.HeaderSize()))
	if options.NeedsCsum {
		head[0] = needsSum
		binary.LittleEndian.PutUint16(head[6:], uint16(options.L3HdrLen))
		binary.LittleEndian.PutUint16(head[8:], uint16(options.CsumOffset))
	}
	if packet.Data().Size() > int(options.MSS) {
		head[1] = tcpv4
		binary.LittleEndian.PutUint16(head[4:], options.MSS)
	}
	return head
}

var _ stack.LinkEndpoint = (*offloadingLink)(nil)
