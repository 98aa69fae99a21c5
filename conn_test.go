package redlet_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet"
)

func connect(t *testing.T, s *redlet.Server) *redlet.Conn {
	t.Helper()
	c, err := s.Conn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// asked sends commands, each a line, and gives the replies, one a line.
func asked(t *testing.T, c *redlet.Conn, lines ...string) string {
	t.Helper()
	var out []string
	for _, line := range lines {
		var args []any
		for _, word := range strings.Fields(line) {
			args = append(args, word)
		}
		reply, err := c.Do(t.Context(), args...)
		text := strings.ReplaceAll(reply.String(), "\n", ", ")
		var refusal redlet.ServerError
		if err != nil && !errors.Is(err, redlet.Nil) && !errors.As(err, &refusal) {
			text = err.Error()
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func TestConnKeepsItsState(t *testing.T) {
	s := redlet.RunT(t, redlet.WithPassword("secret"))
	s.Fail("*", redlet.Always, redlet.ErrDropped)
	c, other := connect(t, s), connect(t, s)
	for _, test := range []struct {
		c          *redlet.Conn
		send, want string
	}{
		{c, "SELECT 3|SET k 1|GET k", "OK|OK|\"1\""},
		{other, "GET k", "(nil)"},
		{c, "WATCH k|MULTI|INCR k|GET k", "OK|OK|QUEUED|QUEUED"},
		{other, "SELECT 3|SET k 41", "OK|OK"},
		{c, "EXEC|MULTI|INCR k|EXEC", "(nil)|OK|QUEUED|1) (integer) 42"},
		{c, "RESET|HGETALL none|CLIENT GETNAME", "RESET|(empty hash)|(nil)"},
		{c, "INCR", "(error) ERR wrong number of arguments for 'incr' command"},
		{c, "HELLO 3 SETNAME me|CLIENT GETNAME", "*|\"me\""},
		{c, "QUIT", "OK"},
	} {
		got := strings.ReplaceAll(asked(t, test.c, strings.Split(test.send, "|")...), "\n", "|")
		if before, after, _ := strings.Cut(test.want, "*"); !strings.HasPrefix(got, before) ||
			!strings.HasSuffix(got, after) {
			t.Errorf("%s\ngot  %s\nwant %s", test.send, got, test.want)
		}
	}
	if _, open := <-c.Messages(); open {
		t.Error("a message came after QUIT")
	}
	if _, err := c.Do(t.Context(), "PING"); !errors.Is(err, redlet.ErrClosed) {
		t.Errorf("after QUIT: %v", err)
	}
	for _, refused := range [][]any{{}, {"MONITOR"}, {"client", "reply", "off"}, {"HELLO", 2}} {
		if _, err := other.Do(t.Context(), refused...); err == nil {
			t.Errorf("%v was sent", refused)
		}
	}
}

func TestConnMessages(t *testing.T) {
	s := redlet.RunT(t)
	c := connect(t, s)
	got := asked(t, c, "SUBSCRIBE a b", "PSUBSCRIBE n*", "SSUBSCRIBE shard", "SUBSCRIBE",
		"UNSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE nothing", "SUBSCRIBE a", "PING")
	const want = `1) 1) "subscribe",    2) "a",    3) (integer) 1, ` +
		`2) 1) "subscribe",    2) "b",    3) (integer) 2
1) 1) "psubscribe",    2) "n*",    3) (integer) 3
1) 1) "ssubscribe",    2) "shard",    3) (integer) 1
(error) ERR wrong number of arguments for 'subscribe' command
1) 1) "unsubscribe",    2) "a",    3) (integer) 2, 2) 1) "unsubscribe",    2) "b",    3) (integer) 1
1) 1) "unsubscribe",    2) (nil),    3) (integer) 1
1) 1) "punsubscribe",    2) "nothing",    3) (integer) 1
1) 1) "subscribe",    2) "a",    3) (integer) 2
PONG`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, args := range [][]any{{"PUBLISH", "a", "1"}, {"PUBLISH", "news", "2"},
		{"SPUBLISH", "shard", "3"}} {
		redlet.Must(s.Do(t.Context(), args...))
	}
	asked(t, c, "CLIENT TRACKING ON", "GET k", "GET l")
	redlet.Must(s.Do(t.Context(), "SET", "k", "v"))
	redlet.Must(s.Do(t.Context(), "FLUSHALL"))
	asked(t, c, "PING")
	for _, want := range []redlet.Message{
		{Kind: "message", Channel: "a", Payload: "1"},
		{Kind: "pmessage", Channel: "news", Pattern: "n*", Payload: "2"},
		{Kind: "smessage", Channel: "shard", Payload: "3"},
		{Kind: "invalidate", Keys: []string{"k"}},
		{Kind: "invalidate"},
	} {
		if got := <-c.Messages(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestConnSend(t *testing.T) {
	s := redlet.RunT(t)
	c := connect(t, s)
	if _, err := c.Receive(t.Context()); err == nil {
		t.Error("something was received that was not sent")
	}
	for i := range 3 {
		if err := c.Send("INCRBY", "n", i); err != nil {
			t.Fatal(err)
		}
	}
	if got := asked(t, c, "GET n"); got != `"3"` {
		t.Errorf("Do after Send: %s", got)
	}
	for _, want := range []int64{0, 1, 3} {
		if r, err := c.Receive(t.Context()); err != nil || r.Int() != want {
			t.Errorf("%v, %v; want %d", r, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Send("BLPOP", "q", 0); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := c.Receive(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Receive: %v", err)
	}
	redlet.Must(s.Do(t.Context(), "RPUSH", "q", "x"))
	if got := asked(t, c, "PING"); got != "PONG" {
		t.Errorf("behind a reply that was passed over: %s", got)
	}
}

func TestConnClosesWithTheServer(t *testing.T) {
	s := redlet.RunT(t)
	c := connect(t, s)
	if err := c.Send("BLPOP", "q", 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Receive(t.Context()); !errors.Is(err, redlet.ErrClosed) {
		t.Errorf("who waited: %v", err)
	}
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	if _, err := s.Conn(); !errors.Is(err, redlet.ErrClosed) {
		t.Errorf("a connection to a server that is closed: %v", err)
	}
}

func TestConnBehind(t *testing.T) {
	s := redlet.RunT(t)
	c := connect(t, s)
	asked(t, c, "SUBSCRIBE a")
	redlet.Must(s.Do(t.Context(), "EVAL",
		"for i = 1, 10000 do redis.call('PUBLISH', 'a', i) end", "0"))
	if _, err := c.Do(t.Context(), "PING"); !errors.Is(err, redlet.ErrBehind) {
		t.Errorf("with 10000 messages unread: %v", err)
	}
	n := 0
	for range c.Messages() {
		n++
	}
	if n != 8192 {
		t.Errorf("%d messages", n)
	}
}

func TestConnClock(t *testing.T) {
	s := redlet.RunT(t, redlet.WithFrozenClock(time.Unix(1e9, 0)))
	c := connect(t, s)
	if err := c.Send("BLPOP", "q", 5); err != nil {
		t.Fatal(err)
	}
	if err := s.FastForward(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	if r, err := c.Receive(t.Context()); !errors.Is(err, redlet.Nil) {
		t.Errorf("%v, %v", r, err)
	}
}
