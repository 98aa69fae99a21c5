// Package queues runs job queues, locks and limiters of other people, unmodified, on bin/redlet. It
// is a module of its own so that what it needs is nobody else's dependency.
package queues

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

var ctx = context.Background()

// start starts a server, which ends with the test, and returns its unix socket.
func start(t *testing.T) string {
	t.Helper()
	binary, err := filepath.Abs("../../bin/redlet")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	server := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir,
		"--enable-clock-command", "yes")
	log, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go func() {
				for lines.Scan() {
				}
			}()
			return socket
		}
	}
	t.Fatal("the server ends before it is ready")
	return ""
}

func connect(t *testing.T) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: start(t)})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// clock turns the server's clock.
func clock(t *testing.T, client *redis.Client, args ...any) {
	t.Helper()
	if err := client.Do(ctx, append([]any{"REDLET.CLOCK"}, args...)...).Err(); err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// until waits for a value.
func until(t *testing.T, what string, come <-chan string) string {
	t.Helper()
	select {
	case got := <-come:
		return got
	case <-time.After(patience):
		t.Fatal("no " + what)
		return ""
	}
}

// workerSocket, where it is set, makes the test binary a worker that takes a job and never ends it.
const workerSocket = "REDLET_QUEUES_WORKER"

func TestMain(m *testing.M) {
	if socket := os.Getenv(workerSocket); socket != "" {
		server := asynqServer(socket)
		_ = server.Run(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
			_, _ = os.Stdout.WriteString("taken\n")
			select {}
		}))
		return
	}
	os.Exit(m.Run())
}

func asynqServer(socket string) *asynq.Server {
	return asynq.NewServer(asynq.RedisClientOpt{Network: "unix", Addr: socket}, asynq.Config{
		Concurrency:              4,
		Queues:                   map[string]int{"default": 1, "urgent": 5},
		TaskCheckInterval:        200 * time.Millisecond,
		DelayedTaskCheckInterval: 100 * time.Millisecond,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 0 },
		LogLevel:                 asynq.FatalLevel,
	})
}

// TestAsynq runs jobs of every fate.
func TestAsynq(t *testing.T) {
	socket := start(t)
	client := asynq.NewClient(asynq.RedisClientOpt{Network: "unix", Addr: socket})
	defer client.Close()
	enqueue := func(kind string, options ...asynq.Option) {
		t.Helper()
		options = append(options, asynq.TaskID(kind), asynq.Retention(time.Hour))
		if _, err := client.Enqueue(asynq.NewTask(kind, []byte("payload")), options...); err != nil {
			t.Fatal(kind, err)
		}
	}
	enqueue("plain")
	enqueue("urgent", asynq.Queue("urgent"))
	enqueue("delayed", asynq.ProcessIn(300*time.Millisecond))
	enqueue("retried", asynq.MaxRetry(3))
	enqueue("failed", asynq.MaxRetry(1))
	_, err := client.Enqueue(asynq.NewTask("plain", nil), asynq.TaskID("plain"))
	if !errors.Is(err, asynq.ErrTaskIDConflict) {
		t.Errorf("a job is queued twice: %v", err)
	}
	done, tries := make(chan string, 100), atomic.Int32{}
	server := asynqServer(socket)
	if err := server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		switch task.Type() {
		case "failed":
			return errors.New("it fails")
		case "retried":
			if tries.Add(1) < 3 {
				return errors.New("not yet")
			}
		}
		done <- task.Type()
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	want := map[string]bool{"plain": true, "urgent": true, "delayed": true, "retried": true}
	for len(want) > 0 {
		delete(want, until(t, "job", done))
	}
	inspector := asynq.NewInspector(asynq.RedisClientOpt{Network: "unix", Addr: socket})
	defer inspector.Close()
	state := func(id, queue string, state asynq.TaskState) {
		t.Helper()
		come := make(chan string, 1)
		for end := time.Now().Add(patience); time.Now().Before(end); {
			info, err := inspector.GetTaskInfo(queue, id)
			if err != nil {
				t.Fatal(id, err)
			}
			if info.State == state {
				come <- id
				break
			}
		}
		until(t, id+" in its state", come)
	}
	state("failed", "default", asynq.TaskStateArchived)
	state("retried", "default", asynq.TaskStateCompleted)
	state("urgent", "urgent", asynq.TaskStateCompleted)
}

// TestAsynqDeadWorker has a worker killed in the midst of a job, which another then does.
func TestAsynqDeadWorker(t *testing.T) {
	socket := start(t)
	options := asynq.RedisClientOpt{Network: "unix", Addr: socket}
	client := asynq.NewClient(options)
	defer client.Close()
	if _, err := client.Enqueue(asynq.NewTask("job", nil), asynq.MaxRetry(3)); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	worker := exec.Command(self)
	worker.Env = append(os.Environ(), workerSocket+"="+socket)
	out, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "taken\n" {
		t.Errorf("the worker says %q, %v", line, err)
	}
	_ = worker.Process.Kill()
	_ = worker.Wait()
	// The lease of half a minute, which goes by the worker's own clock, is over.
	raw := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer raw.Close()
	leases := raw.ZRange(ctx, "asynq:{default}:lease", 0, -1).Val()
	if len(leases) != 1 {
		t.Fatalf("%d leases", len(leases))
	}
	raw.ZAddXX(ctx, "asynq:{default}:lease", redis.Z{Score: 1, Member: leases[0]})
	done := make(chan string, 1)
	server := asynqServer(socket)
	if err := server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		done <- task.Type()
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	until(t, "job that was taken over", done)
}

// TestRedsync locks, extends, and lets a lock lapse by the server's clock.
func TestRedsync(t *testing.T) {
	client := connect(t)
	locks := redsync.New(goredis.NewPool(client))
	one := locks.NewMutex("lock", redsync.WithExpiry(8*time.Second), redsync.WithTries(1))
	two := locks.NewMutex("lock", redsync.WithExpiry(8*time.Second), redsync.WithTries(1))
	var taken *redsync.ErrTaken
	if err := one.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := two.Lock(); !errors.As(err, &taken) {
		t.Errorf("a lock is held twice: %v", err)
	}
	clock(t, client, "ADVANCE", "5000")
	if ok, err := one.Extend(); !ok || err != nil {
		t.Errorf("extended: %v %v", ok, err)
	}
	clock(t, client, "ADVANCE", "5000")
	if err := two.Lock(); !errors.As(err, &taken) {
		t.Errorf("an extended lock has gone: %v", err)
	}
	clock(t, client, "ADVANCE", "5000")
	if err := two.Lock(); err != nil {
		t.Errorf("a lock stays beyond its time: %v", err)
	}
	if ok, _ := one.Unlock(); ok {
		t.Error("a lock is let go by one who has lost it")
	}
	if ok, err := two.Unlock(); !ok || err != nil {
		t.Errorf("let go: %v %v", ok, err)
	}
}

// TestRedisRate limits by the server's clock.
func TestRedisRate(t *testing.T) {
	client := connect(t)
	clock(t, client, "FREEZE")
	clock(t, client, "SET", "4000000000000")
	limiter := redis_rate.NewLimiter(client)
	limit := redis_rate.Limit{Rate: 8, Burst: 3, Period: time.Second} // exact in binary
	for i, want := range []int{1, 1, 1, 0, 0} {
		got, err := limiter.Allow(ctx, "k", limit)
		if err != nil || got.Allowed != want {
			t.Fatalf("call %d: %+v, %v", i, got, err)
		}
	}
	clock(t, client, "ADVANCE", "125")
	for i, want := range []int{1, 0} {
		if got, err := limiter.Allow(ctx, "k", limit); err != nil || got.Allowed != want {
			t.Fatalf("call %d an eighth of a second later: %+v, %v", i, got, err)
		}
	}
	clock(t, client, "ADVANCE", "1000")
	if got, err := limiter.AllowAtMost(ctx, "k", limit, 9); err != nil || got.Allowed != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := limiter.Reset(ctx, "k"); err != nil {
		t.Error(err)
	}
}
