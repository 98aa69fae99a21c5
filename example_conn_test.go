package redlet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/redis/go-redis/v9"

	"github.com/redlet/redlet"
)

// A connection of the test's own hears what the program publishes.
func ExampleServer_Conn() {
	ctx := context.Background()
	s, err := redlet.Run()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	conn, err := s.Conn()
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	redlet.Must(conn.Do(ctx, "SUBSCRIBE", "orders"))

	client := redis.NewClient(&redis.Options{Addr: s.Addr()}) // the program
	defer client.Close()
	client.Publish(ctx, "orders", "one pizza")

	fmt.Println((<-conn.Messages()).Payload)
	// Output: one pizza
}
