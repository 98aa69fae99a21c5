package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// peer is a server that is measured.
type peer struct {
	name string
	args []string
	cmd  *exec.Cmd
	port int
	more int // the port that "{port}" stands for in args, 0 if none does
}

// tests are redis-benchmark's names of the commands.
var tests = []string{"get", "set", "incr", "lpush", "lpop", "hset", "mset"}

// goals are the ratios to redis-server, by peer and depth of the pipeline.
var goals = map[string]map[int]float64{
	"native": {1: 1.0, 16: 1.0},
	"wazero": {1: 0.95, 16: 0.5},
}

// withPeers starts the servers that are compared, redis-server first if there is one, and more
// behind those that are always there.
func withPeers(o options, run func(peers []*peer) error, more ...*peer) error {
	var peers []*peer
	if o.reference != "" {
		peers = append(peers, &peer{name: "redis", args: []string{o.reference}})
	}
	peers = append(peers, &peer{name: "native", args: []string{"bin/redlet"}},
		&peer{name: "wazero", args: []string{"bin/redlet", "--engine", "wasm"}})
	for _, p := range peers {
		p.args = append(p.args, o.args...)
	}
	return serve(append(peers, more...), run)
}

// serve runs servers, each in a folder of its own, while run goes on.
func serve(peers []*peer, run func(peers []*peer) error) error {
	dir, err := os.MkdirTemp("", "redlet-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, p := range peers {
		own, err := os.MkdirTemp(dir, p.name)
		if err != nil {
			return err
		}
		if err := p.start(own); err != nil {
			return err
		}
		defer p.stop()
	}
	return run(peers)
}

// network compares the servers over TCP, and then their memory.
func network(o options) error {
	return withPeers(o, func(peers []*peer) error {
		if o.benchmark == "" {
			fmt.Println("commands over TCP are not measured: redis-benchmark is not installed")
			return memory(o, peers)
		}
		for _, depth := range []int{1, 16} {
			if err := throughput(o, peers, depth); err != nil {
				return err
			}
		}
		if err := restricted(o, peers); err != nil {
			return err
		}
		return memory(o, peers)
	})
}

// start starts a server on a free port and waits for its first answer.
func (p *peer) start(dir string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	p.port = port
	args := slices.Clone(p.args[1:])
	if at := slices.Index(args, "{port}"); at >= 0 {
		if p.more, err = freePort(); err != nil {
			return err
		}
		args[at] = fmt.Sprint(p.more)
	}
	args = append(args, "--port", fmt.Sprint(p.port), "--bind", "127.0.0.1", "--save", "",
		"--dir", dir)
	p.cmd = exec.Command(p.args[0], args...)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(coretest.Patience); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", p.address())
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen: %w", p.name, err)
		}
	}
}

// freePort finds a port that is free, and the one behind it, which the second node of a cluster
// takes.
func freePort() (int, error) {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		next, taken := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		if err := l.Close(); err != nil {
			return 0, err
		}
		if taken == nil {
			return port, next.Close()
		}
	}
}

func (p *peer) address() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

func (p *peer) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(coretest.Patience, func() {
		fmt.Printf("%s does not end in %v: killed\n", p.name, coretest.Patience)
		_ = p.cmd.Process.Kill()
	})
	_ = p.cmd.Wait()
	late.Stop()
}

// requestsPerRound makes a round of redis-benchmark last about half a second.
var requestsPerRound = map[int]int{1: 40_000, 16: 400_000}

// throughput prints what each server does a second at one depth of the pipeline. Where
// redis-benchmark, which has one thread, is what holds both up, the time that a request takes of
// the server's processors still tells them apart.
func throughput(o options, peers []*peer, depth int) error {
	fmt.Printf("\nredis-benchmark -P %d -c %d, thousands a second; ratio to redis; "+
		"microseconds of the server's processors a request\n", depth, o.clients)
	row("", names(peers), "")
	products := map[string]float64{}
	for _, test := range tests {
		rates, costs, err := rounds(o, peers, test, depth)
		if err != nil {
			return err
		}
		values, remark, cost := make([]string, len(peers)), "", ""
		for i, p := range peers {
			values[i] = fmt.Sprintf("%.1f", median(rates[i])/1000)
			cost += fmt.Sprintf(" %.2f", median(costs[i]))
			if goal := goals[p.name][depth]; goal > 0 && peers[0].name == "redis" {
				ratio := median(ratios(rates[i], rates[0]))
				remark += fmt.Sprintf("  %s %s", p.name, verdict(ratio, goal, ratio >= goal))
				if products[p.name] == 0 {
					products[p.name] = 1
				}
				products[p.name] *= ratio
			}
		}
		row(test, values, remark+"  µs"+cost)
	}
	for _, p := range peers {
		if product := products[p.name]; product > 0 {
			mean := root(product, float64(len(tests)))
			fmt.Printf("%s: %.2f of redis, in the geometric mean\n", p.name, mean)
		}
	}
	return nil
}

// restricted prints what a user with three rules does a second, beside the default user, who may do
// everything.
func restricted(o options, peers []*peer) error {
	const depth, goal = 16, 0.9
	fmt.Printf("\nACL user with three rules, redis-benchmark -P %d -c %d, thousands a second; ratio "+
		"to redis; each of its default user\n", depth, o.clients)
	row("", names(peers), "")
	for _, p := range peers {
		if err := p.command("ACL SETUSER app on >secret ~key:* +@read +set\r\n", 1); err != nil {
			return err
		}
	}
	for _, test := range []string{"get", "set"} {
		free, _, err := rounds(o, peers, test, depth)
		if err != nil {
			return err
		}
		rates, _, err := rounds(o, peers, test, depth, "--user", "app", "-a", "secret")
		if err != nil {
			return err
		}
		values, remark, shares := make([]string, len(peers)), "", ""
		for i, p := range peers {
			values[i] = fmt.Sprintf("%.1f", median(rates[i])/1000)
			shares += fmt.Sprintf(" %.2f", median(ratios(rates[i], free[i])))
			if p.name == "native" && peers[0].name == "redis" {
				ratio := median(ratios(rates[i], rates[0]))
				remark = "  native " + verdict(ratio, goal, ratio >= goal)
			}
		}
		row(test, values, remark+"  of default"+shares)
	}
	return nil
}

func names(peers []*peer) []string {
	names := make([]string, len(peers))
	for i, p := range peers {
		names[i] = p.name
	}
	return names
}

// rounds measures every peer several times in turn: its requests a second, and the microseconds
// that each took of its processors. more are further arguments of redis-benchmark.
func rounds(
	o options, peers []*peer, test string, depth int, more ...string,
) (rates, costs [][]float64, err error) {
	rates, costs = make([][]float64, len(peers)), make([][]float64, len(peers))
	for range o.rounds {
		for i, p := range peers {
			before := p.used()
			rate, err := p.measure(o, append([]string{"-t", test, "-n",
				fmt.Sprint(requestsPerRound[depth]), "-P", fmt.Sprint(depth), "-c",
				fmt.Sprint(o.clients)}, more...)...)
			if err != nil {
				return nil, nil, err
			}
			cost := float64((p.used() - before).Microseconds()) / float64(requestsPerRound[depth])
			rates[i], costs[i] = append(rates[i], rate), append(costs[i], cost)
		}
	}
	return rates, costs, nil
}

// ratios divides one by one.
func ratios(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] / b[i]
	}
	return out
}

// median is the middle of figures of which there is an odd number.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}

var rateLine = regexp.MustCompile(`([0-9.]+|inf) requests per second`)

// programTime is how long a program that measures may take at most.
const programTime = 2 * time.Minute

// measure runs redis-benchmark once.
func (p *peer) measure(o options, args ...string) (float64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), programTime)
	defer cancel()
	args = append([]string{"-h", "127.0.0.1", "-p", fmt.Sprint(p.port), "-q"}, args...)
	cmd := exec.CommandContext(ctx, o.benchmark, args...)
	out, err := cmd.Output()
	if err != nil {
		err = errors.Join(err, ctx.Err())
		return 0, fmt.Errorf("redis-benchmark of %s: %w", p.name, err)
	}
	all := rateLine.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		return 0, fmt.Errorf("redis-benchmark of %s: no rate in %q", p.name, out)
	}
	return strconv.ParseFloat(string(all[len(all)-1][1]), 64)
}

// memory fills each server with small keys and prints the growth of its resident memory.
func memory(o options, peers []*peer) error {
	fmt.Printf("\nbytes of resident memory a key, %d keys of 12 bytes, values of 8\n", o.keys)
	for _, p := range peers {
		if err := p.command("FLUSHALL\r\n", 1); err != nil {
			return err
		}
		before := p.resident()
		var batch bytes.Buffer
		for i := 0; i < o.keys; {
			batch.Reset()
			n := min(1000, o.keys-i)
			for range n {
				fmt.Fprintf(&batch, "*3\r\n$3\r\nSET\r\n$12\r\nkey:%08d\r\n$8\r\nxxxxxxxx\r\n", i)
				i++
			}
			if err := p.command(batch.String(), n); err != nil {
				return err
			}
		}
		after := p.resident()
		row(p.name, []string{fmt.Sprintf("%.0f", float64(after-before)/float64(o.keys))}, "")
	}
	return nil
}

// command sends requests over a connection of its own and reads as many one-line replies.
func (p *peer) command(text string, replies int) error {
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(coretest.Patience)); err != nil {
		return err
	}
	if _, err := c.Write([]byte(text)); err != nil {
		return fmt.Errorf("%s does not take %.80q: %w", p.name, text, err)
	}
	buf := make([]byte, 4096)
	for replies > 0 {
		n, err := c.Read(buf)
		if err != nil {
			return fmt.Errorf("%s owes %d replies to %.80q: %w", p.name, replies, text, err)
		}
		replies -= bytes.Count(buf[:n], []byte("\n"))
	}
	return nil
}

// resident is the resident memory of a server in bytes, 0 if the system does not tell.
func (p *peer) resident() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kb << 10
		}
	}
	return 0
}

// tick is the unit of the times in /proc: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// used is the time of processors that a server has taken, 0 if the system does not tell.
func (p *peer) used() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid()))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

func (p *peer) pid() int { return p.cmd.Process.Pid }
