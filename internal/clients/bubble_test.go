package clients

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"

	"github.com/redlet/redlet"
)

// address resolves nothing: a name would be looked up by what belongs to one bubble.
const address = "127.0.0.1:6379"

// shared is outside of every bubble, as a server that TestMain starts.
var shared, sharedErr = redlet.Run()

// TestBubbles has each client in several bubbles, with a server inside and with one outside.
func TestBubbles(t *testing.T) {
	must(t, sharedErr)
	for name, client := range map[string]func(t *testing.T, s *redlet.Server) do{
		"go-redis": goRedis, "redigo": redigo, "rueidis": rueidisClient, "valkey-go": valkeyClient,
	} {
		for i := range 2 {
			t.Run(fmt.Sprintf("%s/inside%d", name, i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { inBubble(t, client(t, redlet.RunT(t))) })
			})
			t.Run(fmt.Sprintf("%s/outside%d", name, i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { inBubble(t, client(t, shared)) })
			})
		}
	}
}

// do runs a command and gives its reply as text, "nil" for none.
type do func(args ...string) string

// inBubble waits for hours of the bubble's time: for a key's end and a command that blocks.
func inBubble(t *testing.T, do do) {
	same(t, do("SET", "k", "v", "EX", "3600"), "OK")
	time.Sleep(time.Hour - time.Millisecond)
	same(t, do("GET", "k"), "v")
	time.Sleep(time.Millisecond)
	same(t, do("GET", "k"), "nil")
	start := time.Now()
	same(t, do("BRPOPLPUSH", "q", "to", "7200"), "nil")
	same(t, time.Since(start), 2*time.Hour)
	pushed := make(chan string)
	go func() {
		time.Sleep(time.Hour)
		pushed <- do("RPUSH", "q", "job")
	}()
	same(t, do("BRPOPLPUSH", "q", "to", "0"), "job")
	same(t, <-pushed, "1") // before the client is closed
	same(t, time.Since(start), 3*time.Hour)
	same(t, do("DEL", "to"), "1")
}

func text(v any, err error, missing bool) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case nil:
		if missing {
			return "nil"
		}
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(v)
}

func goRedis(t *testing.T, s *redlet.Server) do {
	c := goredis.NewClient(&goredis.Options{Addr: address, Dialer: s.DialContext, ReadTimeout: -1})
	t.Cleanup(func() { c.Close() })
	return func(args ...string) string {
		all := make([]any, len(args))
		for i, arg := range args {
			all[i] = arg
		}
		v, err := c.Do(context.Background(), all...).Result()
		return text(v, err, err == goredis.Nil)
	}
}

func redigo(t *testing.T, s *redlet.Server) do {
	pool := &redis.Pool{DialContext: func(ctx context.Context) (redis.Conn, error) {
		return redis.DialContext(ctx, "tcp", address, redis.DialContextFunc(s.DialContext))
	}}
	t.Cleanup(func() { pool.Close() })
	return func(args ...string) string {
		c := pool.Get()
		defer c.Close()
		all := make([]any, len(args))
		for i, arg := range args {
			all[i] = arg
		}
		v, err := c.Do(args[0], all[1:]...)
		return text(v, err, err == nil)
	}
}

// dialer is what both take that are of one family.
func dialer(s *redlet.Server) func(context.Context, string, *net.Dialer, *tls.Config) (
	net.Conn, error,
) {
	return func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
		return s.DialContext(ctx, "tcp", addr)
	}
}

func rueidisClient(t *testing.T, s *redlet.Server) do {
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{address}, DisableCache: true, ConnWriteTimeout: 24 * time.Hour,
		Dialer:    net.Dialer{KeepAlive: -1},
		DialCtxFn: dialer(s),
	})
	must(t, err)
	t.Cleanup(c.Close)
	return func(args ...string) string {
		cmd := c.B().Arbitrary(args...)
		var r rueidis.RedisResult
		if args[0][0] == 'B' {
			r = c.Do(context.Background(), cmd.Blocking())
		} else {
			r = c.Do(context.Background(), cmd.Build())
		}
		v, err := r.ToAny()
		return text(v, err, rueidis.IsRedisNil(err))
	}
}

func valkeyClient(t *testing.T, s *redlet.Server) do {
	c, err := valkey.NewClient(valkey.ClientOption{
		InitAddress: []string{address}, DisableCache: true, ConnWriteTimeout: 24 * time.Hour,
		Dialer:    net.Dialer{KeepAlive: -1},
		DialCtxFn: dialer(s),
	})
	must(t, err)
	t.Cleanup(c.Close)
	return func(args ...string) string {
		cmd := c.B().Arbitrary(args...)
		var r valkey.ValkeyResult
		if args[0][0] == 'B' {
			r = c.Do(context.Background(), cmd.Blocking())
		} else {
			r = c.Do(context.Background(), cmd.Build())
		}
		v, err := r.ToAny()
		return text(v, err, valkey.IsValkeyNil(err))
	}
}
