package redlet_test

import (
	"context"
	"errors"
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

	ctx := context.Background()
	if _, err := s.Do(ctx, "RPUSH", "queue", "a", "b", "c"); err != nil {
		log.Fatal(err)
	}
	length, err := s.Do(ctx, "LLEN", "queue")
	fmt.Println(length.Int(), err)
	list := redlet.Must(s.Do(ctx, "LRANGE", "queue", 0, -1))
	fmt.Println(list.Texts())
	fmt.Println(list) // as redis-cli prints it

	_, err = s.Do(ctx, "INCR", "queue")
	fmt.Println(errors.Is(err, redlet.ErrWrongType), err)
	_, err = s.Do(ctx, "GET", "none")
	fmt.Println(errors.Is(err, redlet.Nil))
	// Output:
	// 3 <nil>
	// [a b c]
	// 1) "a"
	// 2) "b"
	// 3) "c"
	// true WRONGTYPE Operation against a key holding the wrong kind of value
	// true
}

func ExampleServer_FastForward() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	redlet.Must(s.Do(context.Background(), "SET", "session", "42", "EX", 3600))
	if err := s.FastForward(time.Hour); err != nil {
		log.Fatal(err)
	}
	fmt.Println(redlet.Must(s.Do(context.Background(), "GET", "session")))
	// Output: (nil)
}

func ExampleServer_DialContext() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	client := redis.NewClient(&redis.Options{ // no port is opened
		Addr: "127.0.0.1:6379", Dialer: s.DialContext,
	})
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

	redlet.Must(s.Do(context.Background(), "SET", "k", "before"))
	image, err := s.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	redlet.Must(s.Do(context.Background(), "SET", "k", "after"))
	if err := s.Restore(image); err != nil {
		log.Fatal(err)
	}
	fmt.Println(redlet.Must(s.Do(context.Background(), "GET", "k")))
	// Output: "before"
}

func ExampleWithFrozenClock() {
	s, err := redlet.Run(redlet.WithFrozenClock(time.Unix(1_700_000_000, 0)))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	fmt.Println(redlet.Must(s.Do(context.Background(), "TIME")).Texts())
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

	redlet.Must(s.Do(context.Background(), "VISIT", "home", "ann"))
	fmt.Println(redlet.Must(s.Do(context.Background(), "VISIT", "home", "ann")))
	_, err = s.Do(context.Background(), "VISIT", "home")
	fmt.Println(err)
	fmt.Println(redlet.Must(s.Do(context.Background(), "HGETALL", "home")))
	// Output:
	// (integer) 2
	// ERR wrong number of arguments for 'visit' command
	// 1# "ann" => "2"
}

// A client must try again when the connection breaks, and when the server says that it is loading.
func ExampleServer_Fail() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	client := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: 2})
	defer client.Close()

	s.Fail("set", 1, redlet.ErrDropped)
	s.Fail("set", 1, redlet.ErrLoading)
	fmt.Println(client.Set(context.Background(), "k", "v", 0).Result())
	// Output: OK <nil>
}

// The server as a replica shows itself: it can be read, and not written.
func ExampleServer_OnCommand() {
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
	defer client.Close()

	s.OnCommand(func(c *redlet.Call) error {
		if c.Flags()&core.Write != 0 {
			return redlet.ErrReadOnly
		}
		return nil
	})
	fmt.Println(client.Set(context.Background(), "k", "v", 0).Err())
	// Output: READONLY You can't write against a read only replica.
}
