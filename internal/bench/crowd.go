package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// dial connects to a server for no longer than a program may measure.
func (p *peer) dial() (net.Conn, error) {
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		return nil, err
	}
	return c, c.SetDeadline(time.Now().Add(programTime))
}

// reply is the first line of the reply to a request that is sent over c.
func reply(c net.Conn, request string) (string, error) {
	if _, err := c.Write([]byte(request + "\r\n")); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line), err
}

// ask sends a request over a connection of its own; an error reply that it does not expect is the
// caller's to find.
func (p *peer) ask(request string) (string, error) {
	c, err := p.dial()
	if err != nil {
		return "", err
	}
	defer c.Close()
	return reply(c, request)
}

// await asks until the reply begins as is wanted.
func (p *peer) await(request, want string) error {
	for deadline := time.Now().Add(coretest.Patience); ; time.Sleep(5 * time.Millisecond) {
		line, err := p.ask(request)
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, want) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s answers %s with %q, not %q", p.name, request, line, want)
		}
	}
}

// monitored measures n requests until a client that reads MONITOR has seen them all.
func (p *peer) monitored(o options, n int, test string) (int, time.Duration, error) {
	c, err := p.dial()
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	if _, err := reply(c, "MONITOR"); err != nil {
		return 0, 0, err
	}
	seen := make(chan error, 1)
	go func() { seen <- skimLines(c, n) }()
	start := time.Now()
	if _, _, err := o.benchmarked(n, "-t", test)(p); err != nil {
		return 0, 0, err
	}
	err = <-seen
	return n, time.Since(start), err
}

// skimLines reads n lines.
func skimLines(r io.Reader, n int) error {
	buf := make([]byte, 64<<10)
	for n > 0 {
		read, err := r.Read(buf)
		if err != nil {
			return err
		}
		n -= bytes.Count(buf[:read], []byte("\n"))
	}
	return nil
}

// turnSpan is how long a turn of waited and of answered takes.
const turnSpan = 400 * time.Millisecond

// waited writes and waits until the replica has it, for a while.
func (p *peer) waited() (int, time.Duration, error) {
	c, err := p.dial()
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	start, n := time.Now(), 0
	for ; time.Since(start) < turnSpan; n++ {
		if _, err := c.Write([]byte("SET key value\r\nWAIT 1 0\r\n")); err != nil {
			return 0, 0, err
		}
		if err := skimLines(c, 2); err != nil {
			return 0, 0, err
		}
	}
	return n, time.Since(start), nil
}

// answered has clients send a request, 16 at a time, whose reply is a line, for a while.
// redis-benchmark ends at an error.
func (p *peer) answered(clients int, request string) (int, time.Duration, error) {
	const depth = 16
	type count struct {
		n   int
		err error
	}
	batch := []byte(strings.Repeat(request, depth))
	counts := make(chan count, clients)
	start := time.Now()
	for range clients {
		go func() {
			c, err := p.dial()
			if err != nil {
				counts <- count{0, err}
				return
			}
			defer c.Close()
			n := 0
			for ; err == nil && time.Since(start) < turnSpan; n += depth {
				if _, err = c.Write(batch); err == nil {
					err = skimLines(c, depth)
				}
			}
			counts <- count{n, err}
		}()
	}
	total := 0
	for range clients {
		c := <-counts
		if c.err != nil {
			return 0, 0, c.err
		}
		total += c.n
	}
	return total, time.Since(start), nil
}

// fanOut measures the messages that subscribers get, of 64 bytes each.
func fanOut(o options, peers []*peer, listeners, messages int) error {
	const subscribed = "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
	body := strings.Repeat("x", 64)
	frame := int64(len("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$64\r\n\r\n") + len(body))
	crowds := map[*peer][]net.Conn{}
	for _, p := range peers {
		for range listeners {
			c, err := p.dial()
			if err != nil {
				return err
			}
			defer c.Close()
			crowds[p] = append(crowds[p], c)
			if _, err := c.Write([]byte("SUBSCRIBE news\r\n")); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, make([]byte, len(subscribed))); err != nil {
				return err
			}
		}
	}
	request := fmt.Sprintf("*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$64\r\n%s\r\n", body)
	text := strings.Repeat(request, messages)
	name := fmt.Sprintf("publish to %d", listeners)
	return compareTurns(o, peers, name, func(p *peer) (int, time.Duration, error) {
		c, err := p.dial()
		if err != nil {
			return 0, 0, err
		}
		defer c.Close()
		done := make(chan error, listeners+2)
		start := time.Now()
		for _, l := range crowds[p] {
			go func() {
				_, err := io.CopyN(io.Discard, l, frame*int64(messages))
				done <- err
			}()
		}
		go func() { done <- skimLines(c, messages) }()
		_, err = io.WriteString(c, text)
		done <- err
		for range listeners + 2 {
			if err := <-done; err != nil {
				return 0, 0, err
			}
		}
		return listeners * messages, time.Since(start), nil
	})
}

// idle prints the resident memory that connections take which have said PING and nothing since.
// Go raises the limit of open files of this program by itself, and the servers raise theirs.
func idle(o options) error {
	const most = 10_000
	o.args = []string{"--maxclients", fmt.Sprint(most + 100)}
	return withPeers(o, func(peers []*peer) error {
		fmt.Printf("\nbytes of resident memory an idle connection, of %d\n", most)
		var first float64
		for _, p := range peers {
			n, each, err := p.idle(most)
			if err != nil {
				return err
			}
			remark := ""
			if n < most {
				remark = fmt.Sprintf("of %d: there are no more descriptors", n)
			}
			if p.name == "redis" {
				first = each
			} else if first > 0 {
				remark += fmt.Sprintf("  %.2f of redis", each/first)
			}
			if p.name == "native" && first > 0 && first/each < roundGoal {
				remark += " FALLS SHORT"
			}
			row(p.name, []string{fmt.Sprintf("%.0f", each)}, remark)
		}
		return nil
	})
}

// idle opens connections, and tells how many there are and what each takes.
func (p *peer) idle(most int) (n int, each float64, err error) {
	before := p.resident()
	for ; n < most; n++ {
		c, err := p.dial()
		if err != nil && n > 0 {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		defer c.Close()
		if line, err := reply(c, "PING"); err != nil || line != "+PONG" {
			return 0, 0, fmt.Errorf("%s answers connection %d: %q, %w", p.name, n, line, err)
		}
	}
	return n, float64(p.resident()-before) / float64(n), nil
}

// certificate writes a certificate that is its own authority, and its key; remove removes both.
func certificate() (cert, key string, remove func(), err error) {
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &pair.PublicKey, pair)
	if err != nil {
		return "", "", nil, err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		return "", "", nil, err
	}
	dir, err := os.MkdirTemp("", "redlet-bench")
	if err != nil {
		return "", "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	cert, key = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	for name, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			remove()
			return "", "", nil, err
		}
	}
	return cert, key, remove, nil
}
