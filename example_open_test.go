package redlet_test

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redlet/redlet"
)

// shop has what it needs of Redis declared once: a cache of prices, and a limit for each customer.
type shop struct{ redis *redis.Client }

// openShop is the same in tests, at a developer's and in production, where REDIS_URL names a
// real server.
func openShop(ctx context.Context) (*shop, func() error, error) {
	where := cmp.Or(os.Getenv("REDIS_URL"), "memory:shop?maxkeys=100&maxmemory-policy=allkeys-lru")
	address, end, err := redlet.Open(ctx, where)
	if err != nil {
		return nil, nil, err
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, nil, err
	}
	return &shop{redis.NewClient(options)}, end, nil
}

// price takes a price from the cache, or looks it up and keeps it for a minute.
func (s *shop) price(ctx context.Context, article string, lookUp func() string) string {
	if price, err := s.redis.Get(ctx, "price:"+article).Result(); err == nil {
		return price
	}
	price := lookUp()
	s.redis.Set(ctx, "price:"+article, price, time.Minute)
	return price
}

// allows lets a customer ask three times in a minute.
func (s *shop) allows(ctx context.Context, customer string) bool {
	key := "limit:" + customer
	n := s.redis.Incr(ctx, key).Val()
	if n == 1 {
		s.redis.Expire(ctx, key, time.Minute)
	}
	return n <= 3
}

func ExampleOpen() {
	ctx := context.Background()
	s, end, err := openShop(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer end()
	defer s.redis.Close()

	for range 4 {
		if !s.allows(ctx, "ann") {
			fmt.Println("too many questions")
			continue
		}
		fmt.Println(s.price(ctx, "tea", func() string { fmt.Println("looked up"); return "3.20" }))
	}
	// Output:
	// looked up
	// 3.20
	// 3.20
	// 3.20
	// too many questions
}
