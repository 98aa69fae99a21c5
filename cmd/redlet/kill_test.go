package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

var kills = flag.Int("kills", 3, "how often a server is killed while it writes")

// writers is how many clients write at once.
const writers = 8

// TestKill kills servers with appendfsync always while clients write and the append-only file is
// rewritten again and again. What was acknowledged is there after the next start, and a transaction
// as a whole or not at all.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	var there [writers]int // what each client's key is known to hold
	for round := range *kills {
		p := start(t, dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
			"--auto-aof-rewrite-min-size", "4kb", "--auto-aof-rewrite-percentage", "20")
		if round > 0 {
			for i := range there {
				there[i] = survived(t, dir, i, there[i])
			}
		}
		var done atomic.Int64
		limit := 1 + rng.Int64N(2000)
		var running sync.WaitGroup
		for i := range there {
			running.Add(1)
			go func() {
				defer running.Done()
				write(dir, i, &there[i], func() {
					if done.Add(1) == limit {
						_ = p.Process.Process.Kill()
					}
				})
			}()
		}
		running.Wait()
		if done.Load() < limit {
			t.Fatalf("round %d: the clients were answered %d times of %d", round, done.Load(), limit)
		}
		_, _ = p.End()
	}
	start(t, dir, "--appendonly", "yes").signal(syscall.SIGTERM)
}

// write counts up until the server is gone, in a key and in a list, and notes what was
// acknowledged.
func write(dir string, i int, there *int, acknowledged func()) {
	c, err := net.Dial("unix", filepath.Join(dir, "s"))
	if err != nil {
		return
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for n := *there; ; n++ {
		fmt.Fprintf(c, "MULTI\r\nSET k%d %d\r\nRPUSH l%d %d\r\nEXEC\r\n", i, n+1, i, n+1)
		for range 6 {
			if line, err := in.ReadString('\n'); err != nil || line[0] == '-' {
				return
			}
		}
		*there = n + 1
		acknowledged()
	}
}

// survived checks what is there of a client's writes, of which so many were acknowledged, and
// returns how many there are. One more may be: it was not answered any more.
func survived(t *testing.T, dir string, i, acknowledged int) int {
	t.Helper()
	c, err := net.Dial("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(coretest.Patience))
	fmt.Fprintf(c, "PING\r\nLLEN l%d\r\nGETRANGE k%d 0 -1\r\n", i, i)
	in := bufio.NewReader(c)
	var lines [4]string
	for j := range lines {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		lines[j] = strings.TrimRight(line, "\r\n")
	}
	n, _ := strconv.Atoi(lines[1][1:])
	if n != acknowledged && n != acknowledged+1 || n > 0 && lines[3] != strconv.Itoa(n) {
		t.Fatalf("client %d: %d writes were acknowledged; there are %d, the last %s", i, acknowledged,
			n, lines[3])
	}
	return n
}
