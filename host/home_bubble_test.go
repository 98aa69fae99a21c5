//go:build go1.25

package host

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redlet/redlet/core"
)

// noSaves keeps hours of a bubble from writing a file.
var noSaves = map[string]string{"save": ""}

// askLine asks a connection and reads a line of the reply.
func askLine(t *testing.T, c net.Conn, r *bufio.Reader, request, want string) {
	t.Helper()
	if request != "" {
		if _, err := fmt.Fprint(c, request+"\r\n"); err != nil {
			t.Error(err)
		}
	}
	if got, err := r.ReadString('\n'); got != want+"\r\n" {
		t.Errorf("%s: %q, %v; want %q", request, got, err, want)
	}
}

func dialed(t *testing.T, l *Loop) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := l.Dial()
	if err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

// TestBubblesOfALoopOutside has connections in one bubble after the other to a Loop outside of all,
// with a client outside that waits meanwhile.
func TestBubblesOfALoopOutside(t *testing.T) {
	l := newLoop(t, LoopOptions{Config: noSaves})
	out, outR := dialed(t, l)
	defer out.Close()
	askLine(t, out, outR, "CLIENT SETNAME outside", "+OK")
	fmt.Fprint(out, "BLPOP waits 0\r\n")
	for i := range 3 {
		synctest.Test(t, func(t *testing.T) {
			c, r := dialed(t, l)
			defer c.Close()
			other, otherR := dialed(t, l)
			defer other.Close()
			askLine(t, c, r, "SET k v PX 3600000", "+OK")
			time.Sleep(time.Hour - time.Millisecond)
			askLine(t, c, r, "EXISTS k", ":1")
			time.Sleep(time.Millisecond)
			askLine(t, c, r, "EXISTS k", ":0")

			start := time.Now()
			askLine(t, c, r, "BLPOP none 18000", "*-1")
			if took := time.Since(start); took != 5*time.Hour {
				t.Errorf("BLPOP of five hours took %v", took)
			}
			var wg sync.WaitGroup
			wg.Add(1)
			go func() {
				defer wg.Done()
				time.Sleep(time.Hour)
				askLine(t, other, otherR, "RPUSH q job", ":1")
			}()
			askLine(t, c, r, "BLPOP q 0", "*2")
			if took := time.Since(start); took != 6*time.Hour {
				t.Errorf("BLPOP ended after %v", took)
			}
			wg.Wait()
			if now, err := l.Now(); err != nil || !now.Equal(time.Now()) {
				t.Errorf("it is %v, %v; in the bubble %v", now, err, time.Now())
			}
			if i == 2 {
				if err := l.Forward(time.Hour); err != nil {
					t.Error(err)
				}
				askLine(t, other, otherR, "RPUSH waits x", ":1")
			}
		})
	}
	askLine(t, out, outR, "", "*2")
	if n := len(l.homes); n != 0 {
		t.Errorf("%d bubbles are remembered", n)
	}
}

// TestBubblesAtOnce has many bubbles, and clients outside, use one Loop at the same time.
func TestBubblesAtOnce(t *testing.T) {
	l := newLoop(t, LoopOptions{Config: noSaves, Clock: func() core.Time { return 1e15 }})
	var wg sync.WaitGroup
	work := func(t *testing.T, key string) {
		c, r := dialed(t, l)
		defer c.Close()
		for i := 1; i <= 200; i++ {
			askLine(t, c, r, "INCR "+key, fmt.Sprintf(":%d", i))
		}
	}
	for i := range 4 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			work(t, fmt.Sprint("out", i))
		}()
		go func() {
			defer wg.Done()
			synctest.Test(t, func(t *testing.T) { work(t, fmt.Sprint("in", i)) })
		}()
	}
	wg.Wait()
}

// TestLeftInABubble closes a Loop that still has a connection of a bubble that is over.
func TestLeftInABubble(t *testing.T) {
	l := newLoop(t, LoopOptions{Config: noSaves})
	var c net.Conn
	synctest.Test(t, func(t *testing.T) {
		var r *bufio.Reader
		c, r = dialed(t, l)
		askLine(t, c, r, "SUBSCRIBE news", "*3")
	})
	out, r := dialed(t, l)
	askLine(t, out, r, "PUBLISH news x", ":1")
	askLine(t, out, r, "CLIENT KILL TYPE pubsub", ":1")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Error(err)
	}
}
