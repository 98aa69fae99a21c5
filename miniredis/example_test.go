package miniredis_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redlet/redlet/miniredis"
	"github.com/redlet/redlet/miniredis/server"
)

func Example() {
	m, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	defer client.Close()

	ctx := context.Background()
	client.Set(ctx, "session", "ann", time.Hour)
	fmt.Println(m.Get("session"))
	m.FastForward(time.Hour)
	fmt.Println(m.Get("session"))
	// Output:
	// ann <nil>
	//  ERR no such key
}

// A command of one's own, and a hook that has one key fail.
func ExampleMiniredis_Server() {
	m, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	defer client.Close()

	err = m.Server().Register("SHOUT", func(c *server.Peer, cmd string, args []string) {
		c.WriteBulk(strings.ToUpper(strings.Join(args, " ")))
	})
	if err != nil {
		log.Fatal(err)
	}
	m.Server().SetPreHook(func(c *server.Peer, cmd string, args ...string) bool {
		if cmd == "GET" && args[0] == "broken" {
			c.WriteError("ERR the disk is gone")
			return true
		}
		return false
	})
	ctx := context.Background()
	fmt.Println(client.Do(ctx, "SHOUT", "hello", "there").Text())
	fmt.Println(client.Get(ctx, "broken").Err())
	// Output:
	// HELLO THERE <nil>
	// ERR the disk is gone
}
