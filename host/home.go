package host

import (
	"bytes"
	"runtime"
	"strings"
	"time"

	"github.com/redlet/redlet/core"
)

// home is a world of goroutines that talk to a Loop: a bubble of testing/synctest, or all that is
// outside of every bubble. Each has its own time, and nobody may wake a goroutine of a bubble but
// those that are inside it. So whoever owns the engine does so for its home: by that home's time,
// with that home's timer.
type home struct {
	bubble string // how the runtime calls it; "" outside of every bubble
	conns  int    // connections of goroutines that live here; kept by Loop.mu
	timer  *time.Timer
	wakes  core.Time // when timer fires; Never if it is not set; kept by Loop.mu
	busyAt core.Time // when timer was last set to fire at once

	// late are the connections that live here and were sent something while another home owned the
	// engine; kept by the owner.
	late []chan struct{}
}

// is reports whether two are of the same bubble, or outside: one that nobody lives in any more is
// forgotten, though its timer may still fire.
//
//go:noinline
func (h *home) is(other *home) bool {
	return h == other || h != nil && other != nil && h.bubble == other.bubble
}

// bubbleYears are those in which a time without a wall behind it lies: bubbles begin in 2000.
const bubbleYears = 2020

// bubble returns the name of the bubble that the caller is in, "" outside of every bubble. Nothing
// but the first line of a stack trace tells; it costs some microseconds, so what is surely outside
// is told apart before: a time there shows the monotonic clock.
func bubble() string {
	if t := time.Now(); t != t.Round(0) && t.Year() >= bubbleYears {
		return ""
	}
	var line [128]byte
	text, _, _ := bytes.Cut(line[:runtime.Stack(line[:], false)], []byte("\n"))
	_, name, _ := strings.Cut(string(text), "synctest bubble ")
	return strings.TrimRight(name, "]:")
}

// here returns the home of the caller. A new one is known from the first connection on.
func (l *Loop) here() *home {
	name := bubble()
	if name == l.base.bubble {
		return l.base
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.homes[name]; h != nil {
		return h
	}
	return &home{bubble: name, wakes: core.Never}
}

// settle notes that a connection lives in a home.
func (l *Loop) settle(h *home) *home {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.homes[h.bubble]; known != nil {
		h = known
	}
	if h != l.base {
		if l.homes == nil {
			l.homes = map[string]*home{}
		}
		l.homes[h.bubble] = h
	}
	h.conns++
	return h
}

// leave notes that a connection is closed.
func (l *Loop) leave(h *home) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.conns--; h.conns == 0 && h != l.base {
		delete(l.homes, h.bubble)
	}
}

// away reports whether a home has another time than the one in which the Loop was made.
func (l *Loop) away(h *home) bool { return h != l.base }

// signal puts a token into the channel of a connection, or has that done by the next owner who
// lives where it does. The owner calls it.
func (l *Loop) signal(h *home, ready chan struct{}) {
	if h.bubble == "" || h.is(l.at.Load()) {
		token(ready)
	} else {
		h.late = append(h.late, ready)
	}
}

func token(ready chan struct{}) {
	select {
	case ready <- struct{}{}:
	default:
	}
}
