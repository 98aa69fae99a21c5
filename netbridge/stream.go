package netbridge

import (
	"net"
	"sync"
	"time"

	"github.com/redlet/redlet/core"
)

const (
	// readSize is what one read may bring: enough for a deep pipeline, small enough for a cache.
	readSize = 64 << 10
	// queueMax is how much output waits in a stream before its engine is told to hold it back.
	queueMax = 256 << 10
	// lingerTime is how long a connection that was hung up may take to accept its last output.
	lingerTime = 5 * time.Second
)

// stream serves one net.Conn by two goroutines: one reads and steps the engine, one writes.
type stream struct {
	bridge *Bridge
	conn   net.Conn
	id     core.ConnID

	mu      sync.Mutex
	changed sync.Cond // of mu: queue has grown, or over is set
	queue   []byte    // output that the writer has not taken yet
	corked  bool      // the engine holds output back
	over    bool      // nothing more will be queued: the writer ends when queue is empty
}

func newStream(b *Bridge, c net.Conn) *stream {
	s := &stream{bridge: b, conn: c}
	s.changed.L = &s.mu
	return s
}

func (s *stream) start() {
	peer := describe(s.conn.LocalAddr(), s.conn.RemoteAddr(), -1)
	s.id = s.bridge.loop.Open(peer, s)
	go s.read()
	go s.write()
}

// read hands over what arrives until the connection ends, from whichever side.
func (s *stream) read() {
	defer s.bridge.running.Done()
	buf := make([]byte, readSize)
	in := make([]core.Input, 1)
	for {
		n, err := s.conn.Read(buf)
		if n > 0 {
			in[0] = core.Input{Kind: core.InData, Conn: s.id, Data: buf[:n]}
			s.bridge.loop.Send(in)
		}
		if err != nil {
			break
		}
	}
	in[0] = core.Input{Kind: core.InClose, Conn: s.id}
	s.bridge.loop.Send(in)
	s.finish()
}

// write sends what the engine puts out, then closes the connection when it is over.
func (s *stream) write() {
	defer s.bridge.running.Done()
	defer s.bridge.forget(s)
	defer s.conn.Close() // ends read
	var batch []byte
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.over {
			s.changed.Wait()
		}
		batch, s.queue = s.queue, batch[:0]
		over, uncork := s.over, s.corked && !s.over
		s.corked = false
		s.mu.Unlock()
		if len(batch) == 0 && over {
			return
		}
		if over {
			_ = s.conn.SetWriteDeadline(time.Now().Add(lingerTime))
		}
		if _, err := s.conn.Write(batch); err != nil {
			s.finish()
			return
		}
		if cap(batch) > 2*queueMax {
			batch = nil
		}
		if uncork {
			s.bridge.loop.Send([]core.Input{{Kind: core.InUncork, Conn: s.id}})
		}
	}
}

// Data queues output of the engine; the loop calls it.
func (s *stream) Data(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.queue = append(s.queue, data...)
	if len(s.queue) > queueMax {
		s.corked = true // said again if it was: an uncork may be on its way
		s.bridge.loop.Send([]core.Input{{Kind: core.InCork, Conn: s.id}})
	}
	s.changed.Signal()
}

// Hangup queues the engine's last output and ends the stream; the loop calls it.
func (s *stream) Hangup(data []byte) {
	s.mu.Lock()
	s.queue = append(s.queue, data...)
	s.mu.Unlock()
	s.stop()
}

// stop ends the stream once what is queued has been sent.
func (s *stream) stop() {
	s.mu.Lock()
	s.over = true
	_ = s.conn.SetWriteDeadline(time.Now().Add(lingerTime)) // frees a writer that is stuck
	s.changed.Signal()
	s.mu.Unlock()
}

// finish ends the stream with whatever it still has lost: its peer has gone.
func (s *stream) finish() {
	s.mu.Lock()
	s.over, s.queue = true, nil
	s.changed.Signal()
	s.mu.Unlock()
}
