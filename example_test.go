package redlet_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/core"
)

func Example() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
	defer client.Close()
	ctx := context.Background()
	client.Set(ctx, "greeting", "hello", 0)
	fmt.Println(client.Get(ctx, "greeting").Val())
	// Output: hello
}

func ExampleServer_Do() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	s.Do("RPUSH", "queue", "a", "b", "c")
	fmt.Println(s.Do("LLEN", "queue").Int())
	fmt.Println(s.Do("LRANGE", "queue", 0, -1).Texts())
	fmt.Println(s.Do("LRANGE", "queue", 0, -1)) // as redis-cli prints it
	fmt.Println(s.Do("INCR", "queue").Err())
	// Output:
	// 3
	// [a b c]
	// 1) "a"
	// 2) "b"
	// 3) "c"
	// WRONGTYPE Operation against a key holding the wrong kind of value
}

func ExampleServer_FastForward() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	s.Do("SET", "session", "42", "EX", 3600)
	if err := s.FastForward(time.Hour); err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Do("GET", "session"))
	// Output: (nil)
}

func ExampleServer_DialContext() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	client := redis.NewClient(&redis.Options{Dialer: s.DialContext}) // no port is opened
	defer client.Close()
	fmt.Println(client.Ping(context.Background()).Val())
	// Output: PONG
}

func ExampleServer_Snapshot() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	s.Do("SET", "k", "before")
	image, err := s.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	s.Do("SET", "k", "after")
	if err := s.Restore(image); err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Do("GET", "k"))
	// Output: "before"
}

func ExampleWithFrozenClock() {
	s, err := redlet.Run(redlet.WithFrozenClock(time.Unix(1_700_000_000, 0)))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	fmt.Println(s.Do("TIME").Texts())
	// Output: [1700000000 0]
}

func ExampleWithCommands() {
	visit := core.Command{
		Name: "visit", Syntax: "page user", Keys: "1 RW access update",
		Flags:   core.Write | core.DenyOOM,
		Summary: "Counts a user's visits of a page and gives the number.",
		Run: func(c *core.Call) {
			page, user := c.Args[1], c.Args[2]
			reply := c.Do("HINCRBY", page, user, []byte("1"))
			if text, failed := core.ReplyError(reply); failed {
				c.Error(text)
				return
			}
			c.Buf = append(c.Buf, reply...)
		},
	}
	s, err := redlet.Run(redlet.WithCommands(visit))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	s.Do("VISIT", "home", "ann")
	fmt.Println(s.Do("VISIT", "home", "ann"))
	fmt.Println(s.Do("VISIT", "home"))
	fmt.Println(s.Do("HGETALL", "home"))
	// Output:
	// (integer) 2
	// (error) ERR wrong number of arguments for 'visit' command
	// 1# "ann" => "2"
}
