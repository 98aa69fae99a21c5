package redlet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/redlet/redlet/internal/sds"
)

// Kind is the type of a Reply.
type Kind uint8

// The kinds of replies, as RESP3 tells them apart.
const (
	KindNull   Kind = iota // no such key, no such element
	KindStatus             // a status such as OK
	KindError              // a refusal
	KindInt                // an integer
	KindFloat              // a double
	KindBool               // true or false
	KindString             // bytes
	KindList               // an array, a set or a push
	KindMap                // keys and values
)

// Reply is the answer to a command, and owns its memory. The accessors never fail: each gives the
// zero value where the reply is of another kind.
type Reply struct {
	kind  Kind
	text  string // of KindStatus, KindError, KindString
	num   int64  // of KindInt, KindBool
	float float64
	list  []Reply // of KindList; of KindMap: key, value, key, value …
}

// Kind tells what the reply is.
func (r Reply) Kind() Kind { return r.kind }

// Err is the error that the command was refused with, as the server words it; nil for every other
// reply. Of Do's replies only those within a list, as of EXEC, can be errors without being returned
// as such.
func (r Reply) Err() error {
	if r.kind == KindError {
		return ServerError(r.text)
	}
	return nil
}

// failure is the error that Do returns for the reply.
func (r Reply) failure() error {
	if r.kind == KindNull {
		return Nil
	}
	return r.Err()
}

// IsNull reports whether there is no value.
func (r Reply) IsNull() bool { return r.kind == KindNull }

// Text is a status, an error or a value as a string; numbers are written out. It is "" for lists
// and maps.
func (r Reply) Text() string {
	switch r.kind {
	case KindInt:
		return strconv.FormatInt(r.num, 10)
	case KindFloat:
		return strconv.FormatFloat(r.float, 'g', 17, 64)
	case KindBool:
		return strconv.FormatBool(r.num != 0)
	}
	return r.text
}

// Int is the reply as a number: an integer, a boolean as 0 or 1, or a value that is written as an
// integer.
func (r Reply) Int() int64 {
	switch r.kind {
	case KindInt, KindBool:
		return r.num
	case KindString:
		n, err := strconv.ParseInt(r.text, 10, 64)
		if err == nil {
			return n
		}
	}
	return 0
}

// Float is the reply as a number: a double, an integer, or a value that is written as either.
func (r Reply) Float() float64 {
	switch r.kind {
	case KindFloat:
		return r.float
	case KindInt, KindBool:
		return float64(r.num)
	case KindString:
		f, err := strconv.ParseFloat(r.text, 64)
		if err == nil {
			return f
		}
	}
	return 0
}

// Bool reports whether the reply is true, OK, or a number other than 0.
func (r Reply) Bool() bool {
	if r.kind == KindStatus {
		return r.text == "OK"
	}
	return r.Float() != 0
}

// List is the elements of a list; for a map, its keys and values in turn.
func (r Reply) List() []Reply { return r.list }

// Texts is List with the Text of each element.
func (r Reply) Texts() []string {
	if r.list == nil {
		return nil
	}
	texts := make([]string, len(r.list))
	for i, e := range r.list {
		texts[i] = e.Text()
	}
	return texts
}

// Map is a map's values by the text of their keys; for a list, its elements taken in pairs.
func (r Reply) Map() map[string]Reply {
	if r.list == nil {
		return nil
	}
	m := make(map[string]Reply, len(r.list)/2)
	for i := 0; i+1 < len(r.list); i += 2 {
		m[r.list[i].Text()] = r.list[i+1]
	}
	return m
}

// String writes the reply as redis-cli prints it.
func (r Reply) String() string { return strings.TrimSuffix(r.format(""), "\n") }

// format writes the reply as lines; all but the first begin with prefix.
func (r Reply) format(prefix string) string {
	switch r.kind {
	case KindNull:
		return "(nil)\n"
	case KindError:
		return "(error) " + r.text + "\n"
	case KindInt:
		return "(integer) " + r.Text() + "\n"
	case KindFloat:
		return "(double) " + r.Text() + "\n"
	case KindBool:
		return "(" + r.Text() + ")\n"
	case KindString:
		return sds.Repr(r.text) + "\n"
	case KindList, KindMap:
		return r.formatList(prefix)
	}
	return r.text + "\n"
}

func (r Reply) formatList(prefix string) string {
	sign, step := ")", 1
	empty := "(empty array)\n"
	if r.kind == KindMap {
		sign, step, empty = "#", 2, "(empty hash)\n"
	}
	if len(r.list) == 0 {
		return empty
	}
	width := len(strconv.Itoa(len(r.list) / step))
	deeper := prefix + strings.Repeat(" ", width+2)
	var b strings.Builder
	for i := 0; i < len(r.list); i += step {
		if i > 0 {
			b.WriteString(prefix)
		}
		fmt.Fprintf(&b, "%*d%s ", width, i/step+1, sign)
		b.WriteString(r.list[i].format(deeper))
		if step == 2 {
			line := strings.TrimSuffix(b.String(), "\n")
			b.Reset()
			b.WriteString(line + " => " + r.list[i+1].format(deeper))
		}
	}
	return b.String()
}

// lengthMax is the greatest length that a reply can have: a string's of 512 MiB.
const lengthMax = 512 << 20

var errProtocol = errors.New("redlet: the server's reply is malformed")

// readReply reads one RESP3 reply; attributes before it are dropped.
func readReply(r *bufio.Reader) (Reply, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return Reply{}, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return Reply{}, errProtocol
	}
	sign, rest := line[0], line[1:len(line)-2]
	switch sign {
	case '+':
		return Reply{kind: KindStatus, text: rest}, nil
	case '-':
		return Reply{kind: KindError, text: rest}, nil
	case '_':
		return Reply{}, nil
	case '(':
		return Reply{kind: KindString, text: rest}, nil
	case '#':
		return Reply{kind: KindBool, num: int64(strings.Count(rest, "t"))}, nil
	case ',':
		f, err := readFloat(rest)
		return Reply{kind: KindFloat, float: f}, err
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return Reply{}, errProtocol
	}
	switch {
	case sign == ':':
		return Reply{kind: KindInt, num: n}, nil
	case n < 0:
		return Reply{}, nil
	}
	if n > lengthMax {
		return Reply{}, errProtocol
	}
	switch sign {
	case '$', '=', '!':
		return readBulk(r, sign, n)
	case '*', '~', '>':
		return readList(r, KindList, n)
	case '%':
		return readList(r, KindMap, 2*n)
	case '|':
		if _, err := readList(r, KindMap, 2*n); err != nil {
			return Reply{}, err
		}
		return readReply(r)
	}
	return Reply{}, errProtocol
}

func readFloat(s string) (float64, error) {
	switch s {
	case "inf":
		return math.Inf(1), nil
	case "-inf":
		return math.Inf(-1), nil
	}
	return strconv.ParseFloat(s, 64)
}

func readBulk(r *bufio.Reader, sign byte, n int64) (Reply, error) {
	buf := make([]byte, n+2)
	if _, err := io.ReadFull(r, buf); err != nil {
		return Reply{}, err
	}
	text := string(buf[:n])
	switch sign {
	case '!':
		return Reply{kind: KindError, text: text}, nil
	case '=':
		_, text, _ = strings.Cut(text, ":") // the format: txt or mkd
	}
	return Reply{kind: KindString, text: text}, nil
}

func readList(r *bufio.Reader, kind Kind, n int64) (Reply, error) {
	reply := Reply{kind: kind, list: make([]Reply, 0, min(n, 1024))}
	for range n {
		element, err := readReply(r)
		if err != nil {
			return Reply{}, err
		}
		reply.list = append(reply.list, element)
	}
	return reply, nil
}
