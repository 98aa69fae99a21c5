// Package clients runs the newest clients against a server inside the test. It is a module of its
// own, so that what redlet requires lifts nobody's version.
package clients

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/host/guest"
)

// everyWay runs a test with go-redis over TCP and over Dial, in RESP3 and in RESP2, and with the
// WebAssembly guest.
func everyWay(t *testing.T, f func(t *testing.T, s *redlet.Server, c *redis.Client)) {
	for _, protocol := range []int{3, 2} {
		t.Run(fmt.Sprintf("tcp/resp%d", protocol), func(t *testing.T) {
			s := redlet.RunT(t)
			f(t, s, client(t, &redis.Options{Addr: s.Addr(), Protocol: protocol}))
		})
		t.Run(fmt.Sprintf("dial/resp%d", protocol), func(t *testing.T) {
			s := redlet.RunT(t)
			f(t, s, client(t, &redis.Options{Dialer: s.DialContext, Protocol: protocol}))
		})
	}
	t.Run("wasm", func(t *testing.T) {
		s, err := redlet.Run(redlet.WithEngine(guest.Maker(guest.Options{})))
		if errors.Is(err, guest.ErrMissing) {
			t.Skip(err)
		}
		must(t, err)
		defer s.Close()
		f(t, s, client(t, &redis.Options{Addr: s.Addr()}))
	})
}

func client(t *testing.T, o *redis.Options) *redis.Client {
	c := redis.NewClient(o)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestGoRedisCommands(t *testing.T) {
	everyWay(t, func(t *testing.T, s *redlet.Server, c *redis.Client) {
		ctx := t.Context()
		must(t, c.Ping(ctx).Err())
		must(t, c.Set(ctx, "k", "v", time.Hour).Err())
		same(t, c.Get(ctx, "k").Val(), "v")
		if ttl := c.TTL(ctx, "k").Val(); ttl <= 59*time.Minute || ttl > time.Hour {
			t.Errorf("TTL %v", ttl)
		}
		if err := c.Get(ctx, "none").Err(); err != redis.Nil {
			t.Errorf("a missing key: %v", err)
		}
		must(t, c.HSet(ctx, "h", "a", "1", "b", "2").Err())
		same(t, fmt.Sprint(c.HGetAll(ctx, "h").Val()), "map[a:1 b:2]")
		must(t, c.RPush(ctx, "l", "a", "b", "c").Err())
		same(t, fmt.Sprint(c.LRange(ctx, "l", 0, -1).Val()), "[a b c]")
		same(t, fmt.Sprint(c.LPopCount(ctx, "l", 2).Val()), "[a b]")
		if err := c.Incr(ctx, "l").Err(); err == nil || err.Error() !=
			"WRONGTYPE Operation against a key holding the wrong kind of value" {
			t.Errorf("INCR of a list: %v", err)
		}
		iter, n := c.Scan(ctx, 0, "*", 1).Iterator(), 0
		for iter.Next(ctx) {
			n++
		}
		must(t, iter.Err())
		same(t, n, 3)
		must(t, c.FlushAll(ctx).Err())
		same(t, c.DBSize(ctx).Val(), 0)
	})
}

func TestGoRedisPipelineAndTransaction(t *testing.T) {
	everyWay(t, func(t *testing.T, s *redlet.Server, c *redis.Client) {
		ctx := t.Context()
		cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for range 1000 {
				p.Incr(ctx, "n")
			}
			return nil
		})
		must(t, err)
		same(t, cmds[999].(*redis.IntCmd).Val(), 1000)
		_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Incr(ctx, "n")
			p.Set(ctx, "m", 1, 0)
			return nil
		})
		must(t, err)
		same(t, c.Get(ctx, "n").Val(), "1001")

		err = c.Watch(ctx, func(tx *redis.Tx) error {
			must(t, c.Set(ctx, "n", "changed", 0).Err())
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, "n", "lost", 0)
				return nil
			})
			return err
		}, "n")
		if !errors.Is(err, redis.TxFailedErr) {
			t.Errorf("a transaction over a changed key: %v", err)
		}
		same(t, c.Get(ctx, "n").Val(), "changed")
	})
}

// TestGoRedisLocks has clients count by WATCH, so that every lost update shows.
func TestGoRedisLocks(t *testing.T) {
	everyWay(t, func(t *testing.T, s *redlet.Server, c *redis.Client) {
		ctx := t.Context()
		const clients, times = 8, 25
		increment := func(tx *redis.Tx) error {
			n, err := tx.Get(ctx, "n").Int()
			if err != nil && err != redis.Nil {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, "n", n+1, 0)
				return nil
			})
			return err
		}
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for done := 0; done < times; {
					switch err := c.Watch(ctx, increment, "n"); {
					case err == nil:
						done++
					case !errors.Is(err, redis.TxFailedErr):
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		same(t, c.Get(ctx, "n").Val(), fmt.Sprint(clients*times))
	})
}

func TestGoRedisBlocking(t *testing.T) {
	everyWay(t, func(t *testing.T, s *redlet.Server, c *redis.Client) {
		ctx := t.Context()
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := c.BLPop(ctx, time.Minute, "q").Result()
			if err != nil || fmt.Sprint(got) != "[q job]" {
				t.Errorf("BLPOP: %v, %v", got, err)
			}
		})
		awaitBlocked(t, s)
		must(t, c.RPush(ctx, "q", "job").Err())
		wg.Wait()
		if err := c.BLPop(ctx, 10*time.Millisecond, "q").Err(); err != redis.Nil {
			t.Errorf("BLPOP of nothing: %v", err)
		}
		wg.Go(func() {
			got, err := c.BLMove(ctx, "a", "b", "LEFT", "RIGHT", time.Minute).Result()
			if err != nil || got != "x" {
				t.Errorf("BLMOVE: %q, %v", got, err)
			}
		})
		awaitBlocked(t, s)
		must(t, c.LPush(ctx, "a", "x").Err())
		wg.Wait()
		same(t, fmt.Sprint(c.LRange(ctx, "b", 0, -1).Val()), "[x]")
	})
}

func TestGoRedisPubSub(t *testing.T) {
	everyWay(t, func(t *testing.T, s *redlet.Server, c *redis.Client) {
		ctx := t.Context()
		sub := c.Subscribe(ctx, "news")
		defer sub.Close()
		if _, err := sub.Receive(ctx); err != nil {
			t.Fatal(err)
		}
		must(t, sub.PSubscribe(ctx, "n?ws"))
		if _, err := sub.Receive(ctx); err != nil {
			t.Fatal(err)
		}
		same(t, c.Publish(ctx, "news", "a\x00b").Val(), 2)
		for _, pattern := range []string{"", "n?ws"} {
			m, err := sub.ReceiveMessage(ctx)
			if err != nil || m.Payload != "a\x00b" || m.Pattern != pattern {
				t.Errorf("message %v, %v", m, err)
			}
		}
		same(t, fmt.Sprint(c.PubSubNumSub(ctx, "news").Val()), "map[news:1]")
	})
}

func TestGoRedisScript(t *testing.T) {
	everyWay(t, func(t *testing.T, s *redlet.Server, c *redis.Client) {
		ctx := t.Context()
		script := redis.NewScript(`
			local n = redis.call('INCRBY', KEYS[1], ARGV[1])
			return {n, redis.call('GET', KEYS[1])}`)
		for _, want := range []string{"[5 5]", "[10 10]"} { // by EVAL, then by EVALSHA
			got, err := script.Run(ctx, c, []string{"n"}, 5).Result()
			if err != nil || fmt.Sprint(got) != want {
				t.Errorf("script: %v, %v; want %s", got, err, want)
			}
		}
	})
}

func TestGoRedisPassword(t *testing.T) {
	s := redlet.RunT(t, redlet.WithPassword("secret"))
	o, err := redis.ParseURL(s.URL())
	must(t, err)
	must(t, client(t, o).Ping(t.Context()).Err())
	err = client(t, &redis.Options{Addr: s.Addr(), Password: "wrong"}).Ping(t.Context()).Err()
	if err == nil {
		t.Error("a wrong password was accepted")
	}
}

// TestGoRedisInABubble waits for hours of fake time: a key's end and a blocked command's.
func TestGoRedisInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := redlet.RunT(t)
		c := client(t, &redis.Options{Addr: address, Dialer: s.DialContext,
			ReadTimeout: -1})
		ctx := context.Background()
		must(t, c.Set(ctx, "k", "v", time.Hour).Err())
		time.Sleep(time.Hour - time.Millisecond)
		same(t, c.Get(ctx, "k").Val(), "v")
		time.Sleep(time.Millisecond)
		if err := c.Get(ctx, "k").Err(); err != redis.Nil {
			t.Errorf("after its time: %v", err)
		}
		start := time.Now()
		if err := c.BLPop(ctx, 5*time.Hour, "q").Err(); err != redis.Nil {
			t.Errorf("BLPOP: %v", err)
		}
		same(t, time.Since(start), 5*time.Hour)

		pushed := make(chan error)
		go func() {
			time.Sleep(time.Hour)
			pushed <- c.RPush(ctx, "q", "job").Err()
		}()
		start = time.Now()
		same(t, fmt.Sprint(c.BLPop(ctx, 0, "q").Val()), "[q job]")
		must(t, <-pushed) // before the client is closed
		same(t, time.Since(start), time.Hour)
	})
}

// awaitBlocked returns when a client is blocked.
func awaitBlocked(t *testing.T, s *redlet.Server) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		info, err := s.Info("clients")
		must(t, err)
		if info["blocked_clients"] == "1" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody blocked")
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// same compares by what is printed, so that it takes numbers of any type.
func same(t *testing.T, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v; want %v", got, want)
	}
}

// TestGoRedisCluster has its client of a cluster find the slots of three masters, and follow one
// that moves.
func TestGoRedisCluster(t *testing.T) {
	cluster, err := redlet.RunCluster(3)
	must(t, err)
	defer cluster.Close()
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()[:1]})
	defer c.Close()
	ctx := t.Context()
	for _, key := range []string{"foo", "a", "b", "{foo}bar"} {
		must(t, c.Set(ctx, key, key, 0).Err())
		same(t, c.Get(ctx, key).Val(), key)
	}
	nodes := cluster.Nodes()
	from, to := nodes[2], nodes[0]
	source := redlet.Must(from.Do(ctx, "CLUSTER", "MYID")).Text()
	target := redlet.Must(to.Do(ctx, "CLUSTER", "MYID")).Text()
	redlet.Must(to.Do(ctx, "CLUSTER", "SETSLOT", "12182", "IMPORTING", source))
	redlet.Must(from.Do(ctx, "CLUSTER", "SETSLOT", "12182", "MIGRATING", target))
	host, port, _ := strings.Cut(to.Addr(), ":")
	redlet.Must(from.Do(ctx, "MIGRATE", host, port, "foo", "0", "5000"))
	same(t, c.Get(ctx, "foo").Val(), "foo") // by ASK
	redlet.Must(from.Do(ctx, "MIGRATE", host, port, "{foo}bar", "0", "5000"))
	for _, s := range nodes {
		redlet.Must(s.Do(ctx, "CLUSTER", "SETSLOT", "12182", "NODE", target))
	}
	same(t, c.Get(ctx, "{foo}bar").Val(), "{foo}bar") // by MOVED
}

// TestGoRedisClusterFailover has its client of a cluster read from replicas, and go on when a
// replica has taken its master's place.
func TestGoRedisClusterFailover(t *testing.T) {
	cluster, err := redlet.RunCluster(6, redlet.WithClusterReplicas(1))
	must(t, err)
	defer cluster.Close()
	ctx, nodes := t.Context(), cluster.Nodes()
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()[:1]})
	defer c.Close()
	must(t, c.Set(ctx, "foo", "1", 0).Err())
	same(t, redlet.Must(nodes[2].Do(ctx, "WAIT", 1, 0)).Int(), 1)
	reader := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()[:1],
		ReadOnly: true})
	defer reader.Close()
	for range 8 {
		same(t, reader.Get(ctx, "foo").Val(), "1")
	}
	redlet.Must(nodes[5].Do(ctx, "CLUSTER", "FAILOVER", "TAKEOVER"))
	must(t, c.Set(ctx, "foo", "2", 0).Err())
	same(t, c.Get(ctx, "foo").Val(), "2")
}
