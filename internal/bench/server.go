package main

import (
	"errors"
	"fmt"
	"time"
)

// roundGoal is the part of redis-server's rate that a native server must reach.
const roundGoal = 0.9

// turn makes a server do something n times, and tells how long that took.
type turn func(p *peer) (n int, took time.Duration, err error)

// roundData measures what a server does round its data: who watches, listens and follows, what is
// encrypted and kept, and where keys are.
func roundData(o options) error {
	fmt.Println(machine())
	if o.benchmark == "" {
		return errors.New("redis-benchmark is not installed")
	}
	fmt.Println("\nthousands a second; ratio to redis; microseconds of the server's processors each")
	for _, part := range []func(options) error{watched, encrypted, appended, followed, redirected,
		idle} {
		if err := part(o); err != nil {
			return err
		}
	}
	return nil
}

// compareTurns prints a row: the servers take turns.
func compareTurns(o options, peers []*peer, name string, do turn) error {
	rates, costs := make([][]float64, len(peers)), make([][]float64, len(peers))
	for range o.rounds {
		for i, p := range peers {
			before := p.used()
			n, took, err := do(p)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", p.name, name, err)
			}
			rates[i] = append(rates[i], float64(n)/took.Seconds())
			costs[i] = append(costs[i], float64((p.used()-before).Microseconds())/float64(n))
		}
	}
	values, remark, cost := make([]string, len(peers)), "", ""
	for i, p := range peers {
		values[i] = fmt.Sprintf("%.1f", median(rates[i])/1000)
		cost += fmt.Sprintf(" %.2f", median(costs[i]))
		if peers[0].name != "redis" || i == 0 {
			continue
		}
		ratio := median(ratios(rates[i], rates[0]))
		if p.name != "native" {
			remark += fmt.Sprintf("  %s %.2f", p.name, ratio)
			continue
		}
		remark += "  native " + verdict(ratio, roundGoal, ratio >= roundGoal)
	}
	row(name, values, remark+"  µs"+cost)
	return nil
}

// benchmarked has redis-benchmark send n requests, 16 at a time.
func (o options) benchmarked(n int, args ...string) turn {
	args = append([]string{"-P", "16", "-c", fmt.Sprint(o.clients), "-n", fmt.Sprint(n)}, args...)
	return func(p *peer) (int, time.Duration, error) {
		rate, err := p.measure(o, args...)
		return n, time.Duration(float64(n) / rate * float64(time.Second)), err
	}
}

// watched measures requests without and with a client that reads MONITOR, and messages that are
// delivered to subscribers.
func watched(o options) error {
	return withPeers(o, func(peers []*peer) error {
		row("", names(peers), "")
		for _, test := range []string{"get", "set"} {
			err := compareTurns(o, peers, test, o.benchmarked(200_000, "-t", test))
			if err != nil {
				return err
			}
			err = compareTurns(o, peers, test+", MONITOR on", func(p *peer) (int, time.Duration, error) {
				return p.monitored(o, 100_000, test)
			})
			if err != nil {
				return err
			}
		}
		for _, size := range []struct{ listeners, messages int }{{1, 100_000}, {100, 3000}, {1000, 300}} {
			if err := fanOut(o, peers, size.listeners, size.messages); err != nil {
				return err
			}
		}
		return nil
	})
}

// encrypted measures TLS, which stands beside the rows without.
func encrypted(o options) error {
	cert, key, remove, err := certificate()
	if err != nil {
		return err
	}
	defer remove()
	o.args = []string{"--tls-port", "{port}", "--tls-cert-file", cert, "--tls-key-file", key,
		"--tls-ca-cert-file", cert, "--tls-auth-clients", "no"}
	return withPeers(o, func(peers []*peer) error {
		for _, test := range []string{"get", "set"} {
			err := compareTurns(o, peers, test+", TLS", func(p *peer) (int, time.Duration, error) {
				return o.benchmarked(100_000, "-t", test, "-p", fmt.Sprint(p.more), "--tls",
					"--insecure")(p)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// appended measures SET with an append-only file; the servers write to the same disk.
func appended(o options) error {
	o.args = []string{"--appendonly", "yes"}
	return withPeers(o, func(peers []*peer) error {
		for _, policy := range []struct {
			name string
			n    int
		}{{"no", 200_000}, {"everysec", 200_000}, {"always", 20_000}} {
			for _, p := range peers {
				if _, err := p.ask("CONFIG SET appendfsync " + policy.name); err != nil {
					return err
				}
			}
			err := compareTurns(o, peers, "set, fsync "+policy.name,
				o.benchmarked(policy.n, "-t", "set", "-r", "100000"))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// followed measures what a replica costs its master, and the time from a write until the replica
// has it. Each server is followed by one of its kind, whose processor time is not counted.
func followed(o options) error {
	return withPeers(o, func(peers []*peer) error {
		var replicas []*peer
		for _, p := range peers {
			args := append(p.args[:len(p.args):len(p.args)], "--replicaof", "127.0.0.1",
				fmt.Sprint(p.port))
			replicas = append(replicas, &peer{name: p.name, args: args})
		}
		return serve(replicas, func([]*peer) error {
			for _, p := range peers {
				if err := p.await("WAIT 1 100", ":1"); err != nil {
					return err
				}
			}
			err := compareTurns(o, peers, "set, one replica",
				o.benchmarked(200_000, "-t", "set", "-r", "100000"))
			if err != nil {
				return err
			}
			return compareTurns(o, peers, "set and WAIT 1", (*peer).waited)
		})
	})
}

// redirected measures how often a node of a cluster says where a key is. Nodes of redis-server
// speak to each other by a bus, and take two processes.
func redirected(o options) error {
	const key = "foo" // of the upper half of the slots
	var peers, all []*peer
	if o.reference != "" {
		args := []string{o.reference, "--cluster-enabled", "yes", "--cluster-port", "{port}"}
		peers = append(peers, &peer{name: "redis", args: args})
		all = append(all, &peer{name: "second", args: args})
	}
	peers = append(peers, &peer{name: "native", args: []string{"bin/redlet", "--cluster", "2"}},
		&peer{name: "wazero", args: []string{"bin/redlet", "--engine", "wasm", "--cluster", "2"}})
	return serve(append(all, peers...), func([]*peer) error {
		if len(all) > 0 {
			if err := meet(peers[0], all[0]); err != nil {
				return err
			}
		}
		for _, p := range peers {
			if err := p.await("GET "+key, "-MOVED"); err != nil {
				return err
			}
		}
		return compareTurns(o, peers, "MOVED", func(p *peer) (int, time.Duration, error) {
			return p.answered(o.clients, "GET "+key+"\r\n")
		})
	})
}

// meet makes two servers a cluster, each with a half of the slots.
func meet(a, b *peer) error {
	for _, order := range []struct {
		p    *peer
		text string
	}{
		{a, "CLUSTER ADDSLOTSRANGE 0 8191"}, {b, "CLUSTER ADDSLOTSRANGE 8192 16383"},
		{b, "CLUSTER SET-CONFIG-EPOCH 2"},
		{a, fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d %d", b.port, b.more)},
	} {
		if _, err := order.p.ask(order.text); err != nil {
			return err
		}
	}
	return nil
}
