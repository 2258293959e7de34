package main

import (
	"bytes"
	"io"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/waiter"
)

const (
	chunk = 256 << 10
	// An idle connection that echoes keeps this much, so that many of them stay small.
	smallChunk = 2 << 10
)

var (
	services = map[uint16]func(*connection){9: discard, 19: source, 9877: echo}
	text     = bytes.Repeat([]byte{'x'}, chunk)
)

// connection is an endpoint with calls that wait.
type connection struct {
	endpoint tcpip.Endpoint
	ready    chan struct{}
}

func serve(endpoint tcpip.Endpoint, queue *waiter.Queue, service func(*connection)) {
	entry, ready := waiter.NewChannelEntry(
		waiter.ReadableEvents | waiter.WritableEvents | waiter.EventErr | waiter.EventHUp)
	queue.EventRegister(&entry)
	service(&connection{endpoint, ready})
	queue.EventUnregister(&entry)
	endpoint.Close()
}

// read appends what is there to the writer; false at the end of the stream.
func (c *connection) read(into io.Writer) (int, bool) {
	for {
		result, err := c.endpoint.Read(into, tcpip.ReadOptions{})
		if _, blocked := err.(*tcpip.ErrWouldBlock); blocked {
			<-c.ready
			continue
		}
		return result.Count, err == nil
	}
}

// write sends all; false if the connection is over.
func (c *connection) write(from *bytes.Reader) bool {
	for from.Len() > 0 {
		_, err := c.endpoint.Write(from, tcpip.WriteOptions{})
		if _, blocked := err.(*tcpip.ErrWouldBlock); blocked {
			<-c.ready
		} else if err != nil {
			return false
		}
	}
	return true
}

func discard(c *connection) {
	for open := true; open; {
		_, open = c.read(io.Discard)
	}
}

func source(c *connection) {
	var reader bytes.Reader
	for open := true; open; {
		reader.Reset(text)
		open = c.write(&reader)
	}
}

func echo(c *connection) {
	var reader bytes.Reader
	buffer := make([]byte, smallChunk)
	for {
		writer := tcpip.SliceWriter(buffer)
		count, open := c.read(&writer)
		reader.Reset(buffer[:count])
		if !open || !c.write(&reader) {
			return
		}
		if count == len(buffer) && len(buffer) < chunk {
			buffer = make([]byte, chunk)
		}
	}
}
