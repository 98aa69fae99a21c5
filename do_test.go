package redlet_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redlet/redlet"
)

type (
	name  string
	count int16
	ratio float32
	flag  bool
	blob  []byte
)

// point sends itself.
type point struct{ x, y byte }

func (p point) MarshalBinary() ([]byte, error) {
	if p.x == 0 {
		return nil, errors.New("no x")
	}
	return []byte{p.x, p.y}, nil
}

func TestArguments(t *testing.T) {
	s := redlet.RunT(t)
	seven := 7
	var none *int
	for _, c := range []struct {
		arg  any
		want string
	}{
		{"a", "a"}, {[]byte("b"), "b"}, {nil, ""}, {true, "1"}, {false, "0"}, {-5, "-5"},
		{uint64(1<<64 - 1), "18446744073709551615"}, {1e21, "1000000000000000000000"},
		{0.25, "0.25"}, {time.Second, "1000000000"}, {name("n"), "n"}, {count(-3), "-3"},
		{ratio(0.5), "0.5"}, {flag(true), "1"}, {blob("x"), "x"}, {point{'x', 'y'}, "xy"},
		{&seven, "7"}, {none, ""}, {&point{'p', 'q'}, "pq"}, {net.IP{1, 2, 3, 4}, "\x01\x02\x03\x04"},
		{time.Unix(0, 5).UTC(), "1970-01-01T00:00:00.000000005Z"},
	} {
		reply, err := s.Do(t.Context(), "ECHO", c.arg)
		if err != nil || reply.Text() != c.want {
			t.Errorf("%T %v: %q, %v; want %q", c.arg, c.arg, reply.Text(), err, c.want)
		}
	}
	for _, bad := range []any{struct{}{}, []string{"a"}, map[string]int{}, point{}, 1i} {
		if reply, err := s.Do(t.Context(), "ECHO", bad); err == nil {
			t.Errorf("%T is sent as %v", bad, reply)
		}
	}
}

func TestErrors(t *testing.T) {
	s := redlet.RunT(t)
	do(s, "SET", "k", "v")
	for _, c := range []struct {
		want error
		args string
	}{
		{redlet.ErrWrongType, "LPUSH k x"}, {redlet.Nil, "GET none"}, {redlet.Nil, "LPOP none"},
		{redlet.ErrNoScript, "EVALSHA 0123456789012345678901234567890123456789 0"},
		{redlet.ErrServer, "INCR k"}, {redlet.ErrNoGroup, "XREADGROUP GROUP g c STREAMS s >"},
		{redlet.ErrNotBusy, "SCRIPT KILL"}, {redlet.ErrNoProto, "HELLO 4"},
		{redlet.ErrWrongPass, "HELLO 3 AUTH nobody x"},
	} {
		var args []any
		for _, arg := range strings.Fields(c.args) {
			args = append(args, arg)
		}
		if _, err := s.Do(t.Context(), args...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", c.args, err, c.want)
		}
	}
	_, err := s.Do(t.Context(), "LPUSH", "k", "x")
	if errors.Is(err, redlet.ErrServer) || errors.Is(err, redlet.Nil) {
		t.Errorf("%v is of two classes", err)
	}
}

// TestDoIsStateless has SELECT and blocked commands beside one another.
func TestDoIsStateless(t *testing.T) {
	s := redlet.RunT(t)
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range 50 {
				do(s, "SELECT", i)
				do(s, "MULTI")
				if _, err := s.DB(i).Do(ctx, "INCR", "n"); err != nil {
					t.Error(err)
				}
				if got := redlet.Must(s.DB(i).Do(ctx, "GET", "n")).Int(); got != int64(n+1) {
					t.Errorf("database %d has %d; want %d", i, got, n+1)
				}
			}
		}()
	}
	wg.Wait()
	if _, err := s.DB(99).Do(ctx, "PING"); !errors.Is(err, redlet.ErrServer) {
		t.Errorf("database 99: %v", err)
	}
}

func TestDoContext(t *testing.T) {
	s := redlet.RunT(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := s.Do(ctx, "BLPOP", "q", 0)
		done <- err
	}()
	awaitBlocked(t, s)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := s.Do(ctx, "PING"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestDoAfterChanges goes on after what ends connections or wants a password of them.
func TestDoAfterChanges(t *testing.T) {
	s := redlet.RunT(t, redlet.WithAddr("0.0.0.0:0"))
	ctx := t.Context()
	for _, change := range [][]any{
		{"CONFIG", "SET", "requirepass", "new"}, {"CLIENT", "KILL", "TYPE", "normal"},
		{"CONFIG", "SET", "timeout", 60},
	} {
		if _, err := s.Do(ctx, change...); err != nil {
			t.Error(err)
		}
		if err := s.FastForward(time.Hour); err != nil {
			t.Error(err)
		}
		if _, err := s.Do(ctx, "PING"); err != nil {
			t.Errorf("after %v: %v", change, err)
		}
	}
	_, port, _ := net.SplitHostPort(s.Addr())
	if got, want := s.URL(), "redis://:new@127.0.0.1:"+port; got != want {
		t.Errorf("URL %s; want %s", got, want)
	}
}
