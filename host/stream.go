package host

import (
	"net"
	"sync"
	"time"

	"github.com/redlet/redlet/core"
)

const (
	// ReadSize is what one read may bring: enough for a deep pipeline, small enough for a cache to
	// hold what comes of it. With 64 KB a PUBLISH to 100 subscribers took half as long again.
	ReadSize = 32 << 10
	// queueMax is how much output waits in a stream before its engine is told to hold it back.
	queueMax = 256 << 10
	// LingerTime is how long a connection that was hung up may take to accept its last output.
	LingerTime = 5 * time.Second
)

// Stream carries bytes between a net.Conn and the engine by two goroutines: one reads and steps the
// engine, one writes. It is a Sink.
type Stream struct {
	loop  *Loop
	conn  net.Conn
	id    core.ConnID
	ended func()

	mu      sync.Mutex
	changed sync.Cond // of mu: queue has grown, or over is set
	queue   []byte    // output that the writer has not taken yet
	corked  bool      // the engine holds output back
	over    bool      // nothing more will be queued: the writer ends when queue is empty
}

// NewStream makes a Stream of an established connection of any kind. It calls ended when nothing of
// it remains, once it has been opened.
//
//go:noinline
func NewStream(l *Loop, c net.Conn, ended func()) *Stream {
	s := &Stream{loop: l, conn: c, ended: ended}
	s.changed.L = &s.mu
	return s
}

// Open gives the connection to the engine, and carries until one side closes it.
func (s *Stream) Open(peer core.Conn) {
	s.id = s.loop.Open(peer, s)
	go s.run()
}

func (s *Stream) run() {
	written := make(chan struct{})
	go func() {
		s.write()
		close(written)
	}()
	s.read()
	<-written
	s.ended()
}

// read hands over what arrives until the connection ends, from whichever side.
func (s *Stream) read() {
	buf := make([]byte, ReadSize)
	in := make([]core.Input, 1)
	for {
		n, err := s.conn.Read(buf)
		if n > 0 {
			in[0] = core.Input{Kind: core.InData, Conn: s.id, Data: buf[:n]}
			s.loop.Send(in)
		}
		if err != nil {
			break
		}
	}
	in[0] = core.Input{Kind: core.InClose, Conn: s.id}
	s.loop.Send(in)
	s.finish()
}

// write sends what the engine puts out, then closes the connection when it is over.
func (s *Stream) write() {
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
			_ = s.conn.SetWriteDeadline(time.Now().Add(LingerTime))
		}
		if _, err := s.conn.Write(batch); err != nil {
			s.finish()
			return
		}
		if cap(batch) > 2*queueMax {
			batch = nil
		}
		if uncork {
			s.loop.Send([]core.Input{{Kind: core.InUncork, Conn: s.id}})
		}
	}
}

// Data implements Sink.
func (s *Stream) Data(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.queue = append(s.queue, data...)
	if len(s.queue) > queueMax {
		s.corked = true // said again if it was: an uncork may be on its way
		s.loop.Send([]core.Input{{Kind: core.InCork, Conn: s.id}})
	}
	s.changed.Signal()
}

// Hangup implements Sink.
func (s *Stream) Hangup(data []byte) {
	s.mu.Lock()
	s.queue = append(s.queue, data...)
	s.mu.Unlock()
	s.Stop()
}

// Stop ends the stream once what is queued has been sent.
func (s *Stream) Stop() {
	s.mu.Lock()
	s.over = true
	_ = s.conn.SetWriteDeadline(time.Now().Add(LingerTime)) // frees a writer that is stuck
	s.changed.Signal()
	s.mu.Unlock()
}

// finish ends the stream with whatever it still has lost: its peer has gone.
func (s *Stream) finish() {
	s.mu.Lock()
	s.over, s.queue = true, nil
	s.changed.Signal()
	s.mu.Unlock()
}
