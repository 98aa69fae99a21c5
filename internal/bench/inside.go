package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/core"
	"github.com/redlet/redlet/host"
	"github.com/redlet/redlet/host/guest"
)

// span is how long each measurement inside this process takes.
const span = time.Second

// node is what js/bench.js prints.
type node struct{ Open, OpenAgain, Batch1, Batch16 float64 }

var (
	nodeFigures *node // measured once
	nodeFailure error
)

// inNode measures the package in Node; the times to open are the best of five processes.
func inNode() (*node, error) {
	if nodeFigures == nil && nodeFailure == nil {
		nodeFigures, nodeFailure = runNode()
		for range 4 {
			if n, err := runNode("--start"); err == nil && nodeFailure == nil {
				nodeFigures.Open = min(nodeFigures.Open, n.Open)
				nodeFigures.OpenAgain = min(nodeFigures.OpenAgain, n.OpenAgain)
			}
		}
	}
	return nodeFigures, nodeFailure
}

// runNode runs js/bench.js.
func runNode(flags ...string) (*node, error) {
	ctx, cancel := context.WithTimeout(context.Background(), programTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", append([]string{"bench.js", "--json"}, flags...)...)
	cmd.Dir = "js"
	out, err := cmd.Output()
	err = errors.Join(err, ctx.Err())
	figures := new(node)
	if err == nil {
		err = json.Unmarshal(out, figures)
	}
	return figures, err
}

// inProcess prints what an engine does without a network.
func inProcess() error {
	fmt.Printf("\nin process, SET and GET in turn over 1000 keys, millions a second\n")
	row("", []string{"batch 1", "batch 16"}, "")
	for _, e := range []struct {
		name string
		make host.Maker
	}{{"native", host.Native}, {"wazero", guest.Maker(guest.Options{})}} {
		var rates [2]float64
		for i, batch := range []int{1, 16} {
			rate, err := steps(e.make, batch, span)
			if err != nil {
				return err
			}
			rates[i] = rate / 1e6
		}
		remark := ""
		if e.name == "native" {
			remark = "batch 16: " + verdict(rates[1], 5, rates[1] >= 5)
		}
		row(e.name, []string{fmt.Sprintf("%.2f", rates[0]), fmt.Sprintf("%.2f", rates[1])}, remark)
	}
	n, err := inNode()
	if err != nil {
		fmt.Println("Node is not measured:", err)
		return nil
	}
	row("Node", []string{fmt.Sprintf("%.2f", n.Batch1/1e6), fmt.Sprintf("%.2f", n.Batch16/1e6)}, "")
	return nil
}

// steps measures an engine's commands a second with so many to a step.
func steps(m host.Maker, batch int, span time.Duration) (float64, error) {
	e, err := m(core.Options{Now: 1})
	if err != nil {
		return 0, err
	}
	defer e.Close()
	requests := make([][]byte, 1000)
	for i := range requests {
		for j := range batch {
			n := i*batch + j
			key := "key:" + strconv.Itoa(1000+n/2%1000)
			if n%2 == 0 {
				requests[i] = append(requests[i],
					"*3\r\n$3\r\nSET\r\n$8\r\n"+key+"\r\n$8\r\nxxxxxxxx\r\n"...)
			} else {
				requests[i] = append(requests[i], "*2\r\n$3\r\nGET\r\n$8\r\n"+key+"\r\n"...)
			}
		}
	}
	peer := core.Conn{Addr: "127.0.0.1:1", Laddr: "127.0.0.1:2"}
	in := []core.Input{{Kind: core.InOpen, Conn: 1, Data: peer.AppendTo(nil)}}
	out, _, err := e.Step(1, in, nil)
	if err != nil {
		return 0, err
	}
	start, count := time.Now(), 0
	for time.Since(start) < span {
		for i := range 100 {
			in[0] = core.Input{Kind: core.InData, Conn: 1, Data: requests[(count+i)%len(requests)]}
			if out, _, err = e.Step(core.Time(count+i), in, out[:0]); err != nil {
				return 0, err
			}
		}
		count += 100
		if len(out) == 0 || bytes.Count(out[0].Data, []byte("\n")) < batch {
			return 0, fmt.Errorf("a step over %d commands answered %v", batch, out)
		}
	}
	return float64(count*batch) / time.Since(start).Seconds(), nil
}

// startUp prints how long each host takes from nothing to the first answer.
func startUp() error {
	fmt.Printf("\nstart to the first answer, milliseconds, best of 5\n")
	native, err := started()
	if err != nil {
		return err
	}
	ms := float64(native.Microseconds()) / 1000
	row("native", []string{fmt.Sprintf("%.3f", ms)}, verdict(ms, 1, ms <= 1))
	wazero, err := started(redlet.WithEngine(guest.Maker(guest.Options{})))
	if err != nil {
		return err
	}
	row("wazero, compiled", []string{fmt.Sprintf("%.1f", float64(wazero.Microseconds())/1000)}, "")
	process, err := processStarted()
	if err != nil {
		return err
	}
	s := process.Seconds()
	row("wazero, new process", []string{fmt.Sprintf("%.0f", s*1000)},
		"from the cache, seconds: "+verdict(s, 0.15, s <= 0.15))
	if n, err := inNode(); err == nil {
		row("Node, first", []string{fmt.Sprintf("%.0f", n.Open)},
			"seconds: "+verdict(n.Open/1000, 0.1, n.Open <= 100))
		row("Node, second", []string{fmt.Sprintf("%.0f", n.OpenAgain)}, "")
	}
	return nil
}

// started measures a server inside this process.
func started(options ...redlet.Option) (time.Duration, error) {
	best := time.Duration(math.MaxInt64)
	for range 5 {
		start := time.Now()
		s, err := redlet.Run(options...)
		if err != nil {
			return 0, err
		}
		if _, err := s.Do(context.Background(), "PING"); err != nil {
			return 0, err
		}
		best = min(best, time.Since(start))
		if err := s.Close(); err != nil {
			return 0, err
		}
	}
	return best, nil
}

// processStarted measures bin/redlet with the guest, from its start until it listens.
func processStarted() (time.Duration, error) {
	dir, err := os.MkdirTemp("", "redlet-bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	best := time.Duration(math.MaxInt64)
	for range 5 {
		p := &peer{name: "wazero", args: []string{"bin/redlet", "--engine", "wasm"}}
		start := time.Now()
		if err := p.start(dir); err != nil {
			return 0, err
		}
		best = min(best, time.Since(start))
		p.stop()
	}
	return best, nil
}

// sizes prints how large the guest is.
func sizes() error {
	module, err := guest.Module()
	if err != nil {
		return err
	}
	fmt.Printf("\nthe guest, bytes\n")
	row("raw", []string{fmt.Sprint(len(module))}, "")
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(module); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	row("gzip", []string{fmt.Sprint(packed.Len())}, "")
	ctx, cancel := context.WithTimeout(context.Background(), programTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "brotli", "--stdout", "--quality=11", "--lgwin=24", "-")
	cmd.Stdin = bytes.NewReader(module)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Println("brotli is not measured:", err)
		return nil
	}
	n, err := io.Copy(io.Discard, out)
	if err == nil {
		err = cmd.Wait()
	}
	mb := float64(n) / 1e6
	row("brotli", []string{fmt.Sprint(n)}, "megabytes: "+verdict(mb, 1.45, mb <= 1.45))
	return err
}

// root is the n-th root.
func root(x, n float64) float64 { return math.Pow(x, 1/n) }
