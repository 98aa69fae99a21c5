package coretest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redlet/redlet/internal/sds"
)

// Lockstep runs the same commands of several clients on two servers, one command at a time, and
// compares what every client gets: replies, and what comes without having been asked for.
type Lockstep struct {
	Left  func() (*Engine, error)  // starts a fresh engine
	Right func() (*Network, error) // connects anew to an empty server
}

// Move is one step of a Lockstep: a client's command or, without one, a turn of the clock.
type Move struct {
	Client byte
	Args   []string
	Turn   time.Duration
}

func (m Move) String() string {
	if m.Args == nil {
		return "@ +" + m.Turn.String()
	}
	words := make([]string, len(m.Args))
	for i, word := range m.Args {
		words[i] = sds.Repr(word)
	}
	return string(m.Client) + "> " + strings.Join(words, " ")
}

// Compare makes the moves on both sides. It returns an error that shows the shortest list of
// moves found behind which a client gets something else, or nil.
func (l *Lockstep) Compare(moves []Move) error {
	at, diff, err := l.once(moves)
	if err != nil || diff == "" {
		return err
	}
	moves = slices.Clone(moves[:at+1])
	for size := len(moves) / 2; size > 0; size /= 2 {
		for from := 0; from+size < len(moves); {
			fewer := slices.Delete(slices.Clone(moves), from, from+size)
			at, shorter, err := l.once(fewer)
			if err != nil || shorter == "" || at != len(fewer)-1 {
				from += size
				continue
			}
			moves, diff = fewer, shorter
		}
	}
	var out strings.Builder
	for _, m := range moves {
		out.WriteString(m.String() + "\n")
	}
	return fmt.Errorf("the sides differ behind the last of these moves:\n%s%s", &out, diff)
}

func (l *Lockstep) once(moves []Move) (at int, diff string, err error) {
	left, err := l.Left()
	if err != nil {
		return 0, "", err
	}
	right, err := l.Right()
	if err != nil {
		return 0, "", err
	}
	defer right.Close()
	waits := map[byte]bool{} // clients whose last command got no reply
	for i, m := range moves {
		if m.Args != nil && waits[m.Client] {
			continue
		}
		if err := l.move(m, left, right, waits); err != nil {
			return i, err.Error(), nil
		}
	}
	return 0, "", nil
}

// move makes a move on both sides and compares what has come.
func (l *Lockstep) move(m Move, left *Engine, right *Network, waits map[byte]bool) error {
	sides := []Session{left, right}
	for _, s := range sides {
		err := error(nil)
		if m.Args == nil {
			err = s.Turn(m.Turn)
		} else {
			err = s.Send(m.Client, Request(m.Args...))
		}
		if err != nil {
			return err
		}
	}
	if m.Args != nil {
		waits[m.Client] = true
	}
	clients := make([]byte, 0, len(left.ids))
	for c := range left.ids {
		clients = append(clients, c)
	}
	slices.Sort(clients)
	for _, c := range clients {
		want, err := left.Receive(c, false)
		if err != nil {
			return err
		}
		var got []byte
		for len(got) < len(want) || len(want) == 0 && m.Args != nil && c == m.Client {
			more, err := right.Receive(c, len(want) > 0)
			if err != nil {
				return err
			}
			got = append(got, more...)
			if len(more) == 0 || len(want) == 0 {
				break
			}
		}
		if len(want) > 0 {
			waits[c] = false
		}
		if string(got) != string(want) && !(unordered(m) && slices.Equal(parts(got), parts(want))) {
			return fmt.Errorf("client %c, left:\n%q\nright:\n%q", c, want, got)
		}
	}
	return nil
}

// unordered tells whether what a move makes come has the order of a hash table: the names of all
// of a client's subscriptions, the patterns that match a channel.
func unordered(m Move) bool {
	if m.Args == nil {
		return false
	}
	name := strings.ToLower(m.Args[0])
	return strings.HasSuffix(name, "unsubscribe") || name == "publish" || name == "exec" ||
		name == "quit" || name == "reset"
}

// parts are the lines of what came, sorted.
func parts(b []byte) []string {
	lines := strings.Split(string(b), "\r\n")
	slices.Sort(lines)
	return lines
}

// Moves makes up the moves of several clients, A to the given number. A never waits: commands for
// which blocks answers true are the others'.
func (g *Generator) Moves(n, clients int, blocks func(name string) bool) []Move {
	moves := make([]Move, n)
	for i := range moves {
		if g.rng.IntN(25) == 0 {
			// The odd millisecond keeps clear of the instant itself: Redis lets what is due pass a
			// millisecond later.
			moves[i].Turn = time.Duration(1+g.rng.IntN(2000))*time.Second/10 + time.Millisecond
			continue
		}
		args := g.Next()
		client := byte('A' + g.rng.IntN(clients))
		if client == 'A' && blocks(strings.ToLower(args[0])) {
			client++
		}
		moves[i] = Move{Client: client, Args: args}
	}
	return moves
}
