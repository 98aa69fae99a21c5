package clients

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/bsm/redislock"
	"github.com/go-redis/cache/v9"
	"github.com/go-redis/redis_rate/v10"
	"github.com/go-redsync/redsync/v4"
	redsyncredis "github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/hibiken/asynq"
	"github.com/mediocregopher/radix/v4"
	"github.com/redis/go-redis/v9"
	"github.com/throttled/throttled/v2"
	throttledredis "github.com/throttled/throttled/v2/store/goredisstore.v9"
	"github.com/ulule/limiter/v3"
	limiterredis "github.com/ulule/limiter/v3/drivers/store/redis"
	"go.uber.org/goleak"

	"github.com/redlet/redlet/miniredis"
)

// What follows are libraries that tests use with miniredis, over redlet's. Each turns the clock
// and leaves no goroutine.

// mini starts a server and a client. What comes after it in the test must end before both.
func mini(t *testing.T) (*miniredis.Miniredis, *redis.Client) {
	t.Helper()
	noneLeft(t)
	m := miniredis.RunT(t)
	return m, client(t, &redis.Options{Addr: m.Addr()})
}

// noneLeft has the test fail if it leaves a goroutine, but for the one that scs begins for a store
// that is not used.
func noneLeft(t *testing.T) {
	before := goleak.IgnoreCurrent()
	memory := goleak.IgnoreAnyFunction(
		"github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup")
	t.Cleanup(func() { goleak.VerifyNone(t, before, memory) })
}

func TestRadix(t *testing.T) {
	m, _ := mini(t)
	ctx := t.Context()
	// A larger one leaves a goroutine if it is closed while it dials.
	pool, err := radix.PoolConfig{Size: 1}.New(ctx, "tcp", m.Addr())
	must(t, err)
	defer pool.Close()
	must(t, pool.Do(ctx, radix.FlatCmd(nil, "HSET", "h", map[string]int{"a": 1})))
	var got map[string]string
	must(t, pool.Do(ctx, radix.Cmd(&got, "HGETALL", "h")))
	same(t, got, "map[a:1]")
	pipeline := radix.NewPipeline()
	var n int
	for range 100 {
		pipeline.Append(radix.Cmd(&n, "INCR", "n"))
	}
	must(t, pool.Do(ctx, pipeline))
	same(t, n, 100)
	script := radix.NewEvalScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`)
	for range 2 {
		must(t, pool.Do(ctx, script.FlatCmd(&n, []string{"n"}, 10)))
	}
	same(t, n, 120)

	conn, err := radix.Dial(ctx, "tcp", m.Addr())
	must(t, err)
	sub := radix.PubSubConfig{}.New(conn)
	defer sub.Close()
	must(t, sub.Subscribe(ctx, "news"))
	for m.PubSubNumSub("news")["news"] == 0 { // it does not wait to be confirmed
		runtime.Gosched()
	}
	same(t, m.Publish("news", "hello"), 1)
	message, err := sub.Next(ctx)
	must(t, err)
	same(t, string(message.Message), "hello")
}

// TestAsynq has a job fail and be tried again, and one that comes by the clock.
func TestAsynq(t *testing.T) {
	m, _ := mini(t)
	options := asynq.RedisClientOpt{Addr: m.Addr()}
	server := asynq.NewServer(options, asynq.Config{
		Concurrency:              2,
		TaskCheckInterval:        200 * time.Millisecond,
		DelayedTaskCheckInterval: 100 * time.Millisecond,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 0 },
		LogLevel:                 asynq.FatalLevel,
	})
	tries, done := atomic.Int32{}, make(chan string, 10)
	must(t, server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		if task.Type() == "retried" && tries.Add(1) < 3 {
			return errors.New("not yet")
		}
		done <- task.Type()
		return nil
	})))
	defer server.Shutdown()
	queue := asynq.NewClient(options)
	defer queue.Close()
	_, err := queue.Enqueue(asynq.NewTask("retried", nil), asynq.MaxRetry(5))
	must(t, err)
	same(t, <-done, "retried")
	same(t, tries.Load(), 3)

	cron := asynq.NewScheduler(options, &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel})
	_, err = cron.Register("@every 1s", asynq.NewTask("cron", nil))
	must(t, err)
	must(t, cron.Start())
	defer cron.Shutdown()
	same(t, <-done, "cron")
}

func TestRedsync(t *testing.T) {
	m, c := mini(t)
	locks := redsync.New(redsyncredis.NewPool(c))
	one := locks.NewMutex("lock", redsync.WithExpiry(8*time.Second), redsync.WithTries(1))
	two := locks.NewMutex("lock", redsync.WithExpiry(8*time.Second), redsync.WithTries(1))
	must(t, one.Lock())
	m.FastForward(7 * time.Second)
	if ok, err := one.Extend(); !ok || err != nil {
		t.Errorf("extended: %v, %v", ok, err)
	}
	m.FastForward(7 * time.Second)
	var taken *redsync.ErrTaken
	if err := two.Lock(); !errors.As(err, &taken) {
		t.Errorf("a lock is held twice: %v", err)
	}
	m.FastForward(time.Second)
	must(t, two.Lock())
	if ok, _ := one.Unlock(); ok {
		t.Error("a lock is let go by one who has lost it")
	}
}

func TestRedislock(t *testing.T) {
	m, c := mini(t)
	ctx := t.Context()
	locks := redislock.New(c)
	one, err := locks.Obtain(ctx, "lock", time.Minute, nil)
	must(t, err)
	if _, err := locks.Obtain(ctx, "lock", time.Minute, nil); err != redislock.ErrNotObtained {
		t.Errorf("a lock is held twice: %v", err)
	}
	m.FastForward(50 * time.Second)
	ttl, err := one.TTL(ctx)
	must(t, err)
	same(t, ttl, 10*time.Second)
	must(t, one.Refresh(ctx, time.Minute, nil))
	m.FastForward(time.Minute)
	two, err := locks.Obtain(ctx, "lock", time.Minute, nil)
	must(t, err)
	if err := one.Release(ctx); err != redislock.ErrLockNotHeld {
		t.Errorf("a lock is let go by one who has lost it: %v", err)
	}
	must(t, two.Release(ctx))
}

// TestRedisRate limits by the time that TIME tells.
func TestRedisRate(t *testing.T) {
	m, c := mini(t)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	limiter := redis_rate.NewLimiter(c)
	limit := redis_rate.Limit{Rate: 8, Burst: 3, Period: time.Second} // exact in binary
	allowed := func() (all string) {
		m.SetTime(now)
		for range 4 {
			got, err := limiter.Allow(t.Context(), "k", limit)
			must(t, err)
			all += fmt.Sprint(got.Allowed)
		}
		return all
	}
	same(t, allowed(), "1110")
	now = now.Add(time.Second / 4)
	same(t, allowed(), "1100")
}

func TestSCS(t *testing.T) {
	m, c := mini(t)
	sessions := scs.New()
	sessions.Store = goredisstore.New(c)
	sessions.Lifetime = time.Hour
	ctx, err := sessions.Load(t.Context(), "")
	must(t, err)
	sessions.Put(ctx, "user", "ann")
	token, _, err := sessions.Commit(ctx)
	must(t, err)
	user := func() string {
		ctx, err := sessions.Load(t.Context(), token)
		must(t, err)
		return sessions.GetString(ctx, "user")
	}
	same(t, user(), "ann")
	same(t, m.Keys(), "[scs:session:"+token+"]")
	m.FastForward(time.Hour)
	same(t, user(), "")
}

func TestCache(t *testing.T) {
	m, c := mini(t)
	made := 0
	values := cache.New(&cache.Options{Redis: c})
	get := func() (value string) {
		must(t, values.Once(&cache.Item{Ctx: t.Context(), Key: "k", Value: &value, TTL: time.Minute,
			Do: func(*cache.Item) (any, error) {
				made++
				return fmt.Sprint("value ", made), nil
			}}))
		return value
	}
	same(t, get(), "value 1")
	same(t, get(), "value 1")
	m.FastForward(time.Minute)
	same(t, get(), "value 2")
	must(t, values.Delete(t.Context(), "k"))
	if err := values.Get(t.Context(), "k", nil); err != cache.ErrCacheMiss {
		t.Errorf("after Delete: %v", err)
	}
}

func TestLimiter(t *testing.T) {
	m, c := mini(t)
	store, err := limiterredis.NewStore(c)
	must(t, err)
	limit := limiter.New(store, limiter.Rate{Period: time.Minute, Limit: 2})
	reached := func() (all []bool) {
		for range 3 {
			got, err := limit.Get(t.Context(), "k")
			must(t, err)
			all = append(all, got.Reached)
		}
		return all
	}
	same(t, reached(), "[false false true]")
	m.FastForward(time.Minute)
	same(t, reached(), "[false false true]")
}

// TestThrottled limits by the time that TIME tells.
func TestThrottled(t *testing.T) {
	m, c := mini(t)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	store, err := throttledredis.NewCtx(c, "rate:")
	must(t, err)
	limit, err := throttled.NewGCRARateLimiterCtx(store,
		throttled.RateQuota{MaxRate: throttled.PerMin(60), MaxBurst: 1})
	must(t, err)
	limited := func() (all []bool) {
		m.SetTime(now)
		for range 3 {
			over, _, err := limit.RateLimitCtx(t.Context(), "k", 1)
			must(t, err)
			all = append(all, over)
		}
		return all
	}
	same(t, limited(), "[false false true]")
	now = now.Add(time.Second)
	same(t, limited(), "[false true true]")
}

// TestMany has 300 servers at once, each with a client of its own.
func TestMany(t *testing.T) {
	noneLeft(t)
	var all, ready sync.WaitGroup
	ready.Add(300)
	for i := range 300 {
		all.Go(func() {
			m, err := miniredis.Run()
			if err != nil {
				t.Error(err)
			}
			defer m.Close()
			c := redis.NewClient(&redis.Options{Addr: m.Addr()})
			defer c.Close()
			err = c.Set(t.Context(), "k", i, time.Minute).Err()
			ready.Done()
			ready.Wait()
			if got, getErr := c.Get(t.Context(), "k").Int(); err != nil || getErr != nil || got != i {
				t.Errorf("server %d: %v, %d, %v", i, err, got, getErr)
			}
			m.FastForward(time.Minute)
			if n, err := c.Exists(t.Context(), "k").Result(); err != nil || n != 0 {
				t.Errorf("server %d after a minute: %d, %v", i, n, err)
			}
		})
	}
	all.Wait()
}
