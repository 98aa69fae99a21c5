package coretest

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/redlet/redlet/internal/sds"
)

// Differ runs the same commands on two servers and compares their replies.
type Differ struct {
	Left, Right Peer
	RESP3       bool
	// Before is run on both sides first, from empty; its replies are not compared.
	Before [][]string
}

// Peer is one side of a Differ.
type Peer interface {
	// Reset empties the server and gives it a fresh connection of a protocol version.
	Reset(resp3 bool) error
	// Run sends all commands at once and returns a reply for each.
	Run(commands [][]string) ([]Reply, error)
}

// Difference is where two servers disagree.
type Difference struct {
	Commands    [][]string // the shortest run of commands found that shows it; the last one differs
	Left, Right Reply
}

func (d *Difference) Error() string {
	var out strings.Builder
	out.WriteString("these commands differ in the last reply:\n")
	for _, c := range d.Commands {
		for i, word := range c {
			if i > 0 {
				out.WriteByte(' ')
			}
			if word == "" || strings.ContainsFunc(word, func(r rune) bool {
				return r <= ' ' || r > '~' || r == '"' || r == '\''
			}) {
				word = sds.Repr(word)
			}
			out.WriteString(word)
		}
		out.WriteByte('\n')
	}
	fmt.Fprintf(&out, "left:\n%s\nright:\n%s", d.Left, d.Right)
	return out.String()
}

// Compare runs commands on both sides, from empty, and returns their first difference in its
// shortest form, or nil.
func (d *Differ) Compare(commands [][]string) (*Difference, error) {
	diff, at, err := d.once(commands)
	if diff == nil || err != nil {
		return nil, err
	}
	diff.Commands = slices.Clone(commands[:at+1])
	return d.shrink(diff)
}

func (d *Differ) once(commands [][]string) (*Difference, int, error) {
	var sides [2][]Reply
	for i, peer := range []Peer{d.Left, d.Right} {
		if err := peer.Reset(d.RESP3); err != nil {
			return nil, 0, err
		}
		var err error
		if len(d.Before) > 0 {
			if _, err = peer.Run(d.Before); err != nil {
				return nil, 0, err
			}
		}
		if sides[i], err = peer.Run(commands); err != nil {
			return nil, 0, err
		}
	}
	for i, c := range commands {
		if !same(c, sides[0][i], sides[1][i]) {
			return &Difference{Left: sides[0][i], Right: sides[1][i]}, i, nil
		}
	}
	return nil, 0, nil
}

// shrink leaves out commands for as long as the last one still differs.
func (d *Differ) shrink(diff *Difference) (*Difference, error) {
	for size := len(diff.Commands) / 2; size > 0; size /= 2 {
		for from := 0; from+size < len(diff.Commands); {
			fewer := slices.Delete(slices.Clone(diff.Commands), from, from+size)
			next, at, err := d.once(fewer)
			if err != nil {
				return diff, err
			}
			if next == nil || at != len(fewer)-1 {
				from += size
				continue
			}
			next.Commands = fewer
			diff = next
		}
	}
	return diff, nil
}

// same compares two replies of a command, leaving aside what the order of a hash table decides.
func same(command []string, a, b Reply) bool {
	x, y := a.String(), b.String()
	if x == y && a.Kind == b.Kind {
		return true
	}
	switch strings.ToLower(command[0]) {
	case "exec": // its commands are not known here
		return len(a.Items) == len(b.Items) && sameItems(a, b)
	case "keys", "hgetall", "hkeys", "hvals", "smembers", "sunion", "sinter", "sdiff":
		return a.Kind == b.Kind && sameItems(a, b)
	case "dump":
		return a.Kind == b.Kind && dumped(a.Text) == dumped(b.Text)
	}
	return false
}

// dumped is what can be compared of a payload of DUMP: all of it, but of a hash table its type
// and length alone.
func dumped(text string) string {
	if text == "" || strings.IndexByte(hashTableTypes, text[0]) < 0 {
		return text
	}
	return fmt.Sprintf("%q and %d more bytes", text[0], len(text)-1)
}

// hashTableTypes are the types of an RDB file that keep a hash table in its own order: set, hash,
// hash with expiring fields.
const hashTableTypes = "\x02\x04\x16\x18"

// sameItems compares the elements of two replies regardless of their order.
func sameItems(a, b Reply) bool {
	flat := func(r Reply) []string {
		var out []string
		for _, item := range r.Items {
			if len(item.Items) > 0 {
				lines := sorted(strings.Split(item.String(), "\n"))
				out = append(out, strings.Join(lines, "\n"))
				continue
			}
			out = append(out, dumped(item.Text))
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(flat(a), flat(b))
}

// EnginePeer is an engine as a side of a Differ.
type EnginePeer struct {
	Config map[string]string
	engine *Engine
}

// Reset implements Peer.
func (p *EnginePeer) Reset(resp3 bool) error {
	var err error
	if p.engine, err = NewEngine(p.Config); err != nil {
		return err
	}
	if resp3 {
		_, err = p.Run([][]string{{"HELLO", "3"}})
	}
	return err
}

// Run implements Peer.
func (p *EnginePeer) Run(commands [][]string) ([]Reply, error) {
	var all []byte
	for _, c := range commands {
		all = append(all, Request(c...)...)
	}
	if err := p.engine.Send('A', all); err != nil {
		return nil, err
	}
	buf, err := p.engine.Receive('A', false)
	if err != nil {
		return nil, err
	}
	out := make([]Reply, len(commands))
	for i := range commands {
		var n int
		if out[i], n, err = Parse(buf); err != nil || n == 0 {
			return nil, fmt.Errorf("no reply to %q: %v", commands[i], err)
		}
		buf = buf[n:]
	}
	return out, nil
}

// NetworkPeer is a server behind a dialer as a side of a Differ.
type NetworkPeer struct {
	Dial func() (net.Conn, error)
	conn net.Conn
	buf  []byte
}

// Reset implements Peer.
func (p *NetworkPeer) Reset(resp3 bool) error {
	if p.conn != nil {
		p.conn.Close()
	}
	var err error
	if p.conn, err = p.Dial(); err != nil {
		return err
	}
	p.buf = nil
	hello := []string{"HELLO", "2"}
	if resp3 {
		hello[1] = "3"
	}
	_, err = p.Run([][]string{{"FLUSHALL"}, {"SCRIPT", "FLUSH"},
		{"FUNCTION", "FLUSH"}, hello})
	return err
}

// Run implements Peer.
func (p *NetworkPeer) Run(commands [][]string) ([]Reply, error) {
	var all []byte
	for _, c := range commands {
		all = append(all, Request(c...)...)
	}
	if err := p.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	sent := make(chan error, 1)
	go func() {
		_, err := p.conn.Write(all)
		sent <- err
	}()
	out := make([]Reply, 0, len(commands))
	chunk := make([]byte, 256<<10)
	for len(out) < len(commands) {
		r, n, err := Parse(p.buf)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out, p.buf = append(out, r), p.buf[n:]
			continue
		}
		n, err = p.conn.Read(chunk)
		if err != nil {
			return nil, fmt.Errorf("no reply to %q: %w", commands[len(out)], err)
		}
		p.buf = append(p.buf, chunk[:n]...)
	}
	return out, <-sent
}
