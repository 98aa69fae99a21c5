package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// server starts a server for a test, with a client.
func server(t testing.TB) *redis.Client {
	addr, end := run()
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		end()
	})
	return client
}

// TestHundred is what a team's tests are: a server each, and a few commands.
func TestHundred(t *testing.T) {
	for i := range 100 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			client, ctx := server(t), context.Background()
			if err := client.Set(ctx, "k", i, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if n, err := client.Incr(ctx, "k").Result(); err != nil || n != int64(i+1) {
				t.Errorf("%d, %v", n, err)
			}
			if n, err := client.HSet(ctx, "h", "a", 1, "b", 2).Result(); err != nil || n != 2 {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
}

// TestMemory prints what a server with a port costs.
func TestMemory(t *testing.T) {
	const servers = 300
	before, rss := heap(), resident(t)
	var ends []func()
	for range servers {
		_, end := run()
		ends = append(ends, end)
	}
	fmt.Printf("heap %d\nresident %d\n", (heap()-before)/servers, (resident(t)-rss)/servers)
	for _, end := range ends {
		end()
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// resident is how much memory the process has, in bytes; 0 where the system does not say.
func resident(t *testing.T) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	number, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

func BenchmarkStart(b *testing.B) {
	for range b.N {
		_, end := run()
		end()
	}
}

func BenchmarkPipeline(b *testing.B) {
	client, ctx := server(b), context.Background()
	b.ResetTimer()
	for range b.N {
		pipe := client.Pipeline()
		for i := range 100 {
			pipe.Set(ctx, "k", i, 0)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	client, ctx := server(b), context.Background()
	const script = "local n = 0 for i = 1, 100 do n = n + redis.call('INCR', KEYS[1]) end return n"
	b.ResetTimer()
	for range b.N {
		if err := client.Eval(ctx, script, []string{"n"}).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSet is a hundred thousand keys, one command behind the other.
func BenchmarkSet(b *testing.B) {
	client, ctx := server(b), context.Background()
	b.ResetTimer()
	for range b.N {
		for i := range 100_000 {
			if err := client.Set(ctx, "key:"+strconv.Itoa(i), i, 0).Err(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
