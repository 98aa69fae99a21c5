package core

// The buffer that each client of Redis has for its replies, in bytes.
const (
	replyBufferMax = 16 << 10
	replyBufferMin = 1 << 10
)

// replyPeakReset is how long Redis remembers how much of a buffer was used, unless DEBUG
// REPLYBUFFER says otherwise.
const replyPeakReset Time = 5e6

// replyBuffers is what DEBUG REPLYBUFFER sets.
type replyBuffers struct {
	fixed bool // they keep their size
	// peakReset is how long a peak is remembered; it is forever if negative.
	peakReset Time
}

// replyBuffer is the size that a client's buffer for replies has in Redis, which has a look at it
// on every tick of its clock. An engine has no ticks, and no such buffer: it reckons what has come
// of them when somebody asks.
type replyBuffer struct {
	size, peak int
	reset      Time // when the peak was last forgotten
	seen       Time // up to which tick all is reckoned
}

func newReplyBuffer(now Time) replyBuffer {
	return replyBuffer{size: replyBufferMax, peak: replyBufferMax, reset: now, seen: now}
}

// used notes how much output waits for the client.
func (b *replyBuffer) used(bytes int) {
	if bytes > b.peak {
		b.peak = min(bytes, b.size)
	}
}

// replyBufferOf is the buffer of a client as it is now.
func (e *Engine) replyBufferOf(cl *conn) *replyBuffer {
	b := &cl.buffer
	if e.replyBuffers.fixed {
		b.seen = e.now
	} else {
		b.tick(e.now, 1e6/Time(e.cfg.hz), e.replyBuffers.peakReset)
	}
	return b
}

// tick reckons what the ticks until now have made of the buffer.
func (b *replyBuffer) tick(now, every, peakReset Time) {
	for at := b.seen + every; at <= now; {
		size := b.resized()
		settled := size == b.size
		b.size, b.seen = size, at
		if peakReset >= 0 && at-b.reset > peakReset {
			settled = settled && b.peak == 0
			b.peak, b.reset = 0, at
		}
		switch {
		case !settled:
			at += every
		case peakReset < 0, b.peak == 0: // nothing changes any more
			b.seen = now
			return
		default: // nothing does before the peak is forgotten
			at = max(at+every, b.reset+peakReset+1)
		}
	}
}

// resized is the size that one tick gives the buffer: twice as much if all of it was used, as much
// as was used if that is less than half.
func (b *replyBuffer) resized() int {
	switch {
	case b.peak < b.size/2 && b.size > replyBufferMin:
		return max(replyBufferMin, b.peak+1)
	case b.peak == b.size && b.size < replyBufferMax:
		return min(2*b.size, replyBufferMax)
	}
	return b.size
}

// debugReplyBuffer sets how such buffers change.
func debugReplyBuffer(c *Call) {
	buffers, arg := &c.e.replyBuffers, c.Args[3]
	switch {
	case is(c.Args[2], "resizing"):
		buffers.fixed = leadingInt(arg) == 0
	case !is(c.Args[2], "peak-reset-time"):
		c.Error(errSubcommandArity(c.Args))
		return
	case is(arg, "never"):
		buffers.peakReset = -1
	case is(arg, "reset"):
		buffers.peakReset = replyPeakReset
	default:
		ms, ok := c.ArgInt(3)
		if !ok {
			return
		}
		buffers.peakReset = Time(min(max(ms, -1), int64(Never)/1000/2)) * 1000
	}
	c.OK()
}
