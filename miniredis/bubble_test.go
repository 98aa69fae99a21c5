//go:build go1.25

package miniredis_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/redlet/redlet/miniredis"
	"github.com/redlet/redlet/miniredis/server"
)

// TestBubble has a server, a subscriber, a hook and clients in bubbles, one after the other.
func TestBubble(t *testing.T) {
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			m := miniredis.NewMiniRedis()
			defer m.Close()
			c := dial(t, m)
			c.want("SET k v EX 60", "+OK")
			time.Sleep(time.Hour)
			c.want("TTL k", ":60") // until FastForward
			m.FastForward(59 * time.Second)
			c.want("TTL k", ":1")
			m.ClockTTL(true)
			time.Sleep(time.Second)
			c.want("EXISTS k", ":0")

			start := time.Now()
			c.want("BLPOP none 30", "*-1")
			same(t, time.Since(start), 30*time.Second)
			popped := make(chan string)
			go func() { popped <- c.says("BLPOP l 0") }()
			time.Sleep(time.Minute)
			_, err := m.Push("l", "x")
			must(t, err)
			same(t, <-popped, "*2")

			m.Server().SetPreHook(func(*server.Peer, string, ...string) bool {
				time.Sleep(time.Minute)
				return false
			})
			start = time.Now()
			dial(t, m).want("PING", "+PONG")
			same(t, time.Since(start), time.Minute)

			s := m.NewSubscriber()
			s.Subscribe("news")
			go m.Publish("news", "late")
			same(t, (<-s.Messages()).Message, "late")
			s.Close()
			m.Close()
			must(t, m.Set("k", "stays"))
			m.Server().SetPreHook(nil)
			dial(t, m).want("STRLEN k", ":5")
		})
	}
}
