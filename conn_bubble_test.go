//go:build go1.25

package redlet_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redlet/redlet"
)

// TestConnInBubbles has a server inside of a bubble, one outside, and a connection that is from
// elsewhere.
func TestConnInBubbles(t *testing.T) {
	outside := redlet.RunT(t)
	elsewhere := connect(t, outside)
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			if _, err := elsewhere.Do(t.Context(), "PING"); err == nil {
				t.Error("a connection from outside is used in a bubble")
			}
			for _, s := range []*redlet.Server{outside, redlet.RunT(t)} {
				c := connect(t, s)
				began := time.Now()
				if r, err := c.Do(t.Context(), "BLPOP", "q", 5); !errors.Is(err, redlet.Nil) {
					t.Errorf("%v, %v", r, err)
				}
				if took := time.Since(began); took != 5*time.Second {
					t.Errorf("BLPOP took %v", took)
				}
				asked(t, c, "SUBSCRIBE a")
				redlet.Must(s.Do(t.Context(), "PUBLISH", "a", "1"))
				if m := <-c.Messages(); m.Payload != "1" {
					t.Errorf("got %v", m)
				}
			}
		})
	}
	if got := asked(t, elsewhere, "PING"); got != "PONG" {
		t.Errorf("outside: %s", got)
	}
}

// TestConnLeavesNothing closes the server alone: the bubble would fail if a goroutine stayed.
func TestConnLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := redlet.Run()
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Conn()
		if err != nil {
			t.Fatal(err)
		}
		asked(t, c, "SUBSCRIBE a")
		if err := c.Send("BLPOP", "q", 0); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
