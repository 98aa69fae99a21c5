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
	Null    Kind = iota // no such key, no such element
	Simple              // a status such as OK
	Error               // a refusal
	Int                 // an integer
	Float               // a double
	Bool                // true or false
	Bulk                // bytes
	List                // an array, a set or a push
	Map                 // keys and values
	Failure             // no reply at all: the server is closed, or the command cannot be sent
)

// Reply is the answer to a command. The accessors never fail: each gives the zero value where the
// reply is of another kind, so check Err where an error is possible.
type Reply struct {
	kind  Kind
	text  string // of Simple, Error, Bulk
	num   int64  // of Int, Bool
	float float64
	list  []Reply // of List; of Map: key, value, key, value …
	err   error   // of Failure
}

// Kind tells what the reply is.
func (r Reply) Kind() Kind { return r.kind }

// Err is the error that the command was refused with, as the server words it, or what kept it from
// being answered; nil for every other reply.
func (r Reply) Err() error {
	switch r.kind {
	case Error:
		return ServerError(r.text)
	case Failure:
		return r.err
	}
	return nil
}

// ServerError is a refusal in the server's own words, such as "WRONGTYPE Operation against a key
// holding the wrong kind of value". The first word is its class.
type ServerError string

// Error returns the server's words.
func (e ServerError) Error() string { return string(e) }

// IsNull reports whether there is no value.
func (r Reply) IsNull() bool { return r.kind == Null }

// Text is a status, an error or a value as a string; numbers are written out. It is "" for lists
// and maps.
func (r Reply) Text() string {
	switch r.kind {
	case Int:
		return strconv.FormatInt(r.num, 10)
	case Float:
		return strconv.FormatFloat(r.float, 'g', 17, 64)
	case Bool:
		return strconv.FormatBool(r.num != 0)
	case Failure:
		return r.err.Error()
	}
	return r.text
}

// Int is the reply as a number: an integer, a boolean as 0 or 1, or a value that is written as an
// integer.
func (r Reply) Int() int64 {
	switch r.kind {
	case Int, Bool:
		return r.num
	case Bulk:
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
	case Float:
		return r.float
	case Int, Bool:
		return float64(r.num)
	case Bulk:
		f, err := strconv.ParseFloat(r.text, 64)
		if err == nil {
			return f
		}
	}
	return 0
}

// Bool reports whether the reply is true, OK, or a number other than 0.
func (r Reply) Bool() bool {
	if r.kind == Simple {
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
	case Null:
		return "(nil)\n"
	case Error:
		return "(error) " + r.text + "\n"
	case Failure:
		return "Error: " + r.err.Error() + "\n"
	case Int:
		return "(integer) " + r.Text() + "\n"
	case Float:
		return "(double) " + r.Text() + "\n"
	case Bool:
		return "(" + r.Text() + ")\n"
	case Bulk:
		return sds.Repr(r.text) + "\n"
	case List, Map:
		return r.formatList(prefix)
	}
	return r.text + "\n"
}

func (r Reply) formatList(prefix string) string {
	sign, step := ")", 1
	empty := "(empty array)\n"
	if r.kind == Map {
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
		return Reply{kind: Simple, text: rest}, nil
	case '-':
		return Reply{kind: Error, text: rest}, nil
	case '_':
		return Reply{}, nil
	case '(':
		return Reply{kind: Bulk, text: rest}, nil
	case '#':
		return Reply{kind: Bool, num: int64(strings.Count(rest, "t"))}, nil
	case ',':
		f, err := readFloat(rest)
		return Reply{kind: Float, float: f}, err
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return Reply{}, errProtocol
	}
	switch {
	case sign == ':':
		return Reply{kind: Int, num: n}, nil
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
		return readList(r, List, n)
	case '%':
		return readList(r, Map, 2*n)
	case '|':
		if _, err := readList(r, Map, 2*n); err != nil {
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
		return Reply{kind: Error, text: text}, nil
	case '=':
		_, text, _ = strings.Cut(text, ":") // the format: txt or mkd
	}
	return Reply{kind: Bulk, text: text}, nil
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

// appendCommand appends a command in RESP. An argument is a string, bytes, or a number.
func appendCommand(dst []byte, args []any) ([]byte, error) {
	dst = fmt.Appendf(dst, "*%d\r\n", len(args))
	var scratch []byte
	for _, arg := range args {
		scratch = scratch[:0]
		switch v := arg.(type) {
		case string:
			scratch = append(scratch, v...)
		case []byte:
			scratch = append(scratch, v...)
		case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
			scratch = fmt.Append(scratch, v)
		case float32:
			scratch = strconv.AppendFloat(scratch, float64(v), 'g', -1, 32)
		case float64:
			scratch = strconv.AppendFloat(scratch, v, 'g', -1, 64)
		default:
			return nil, fmt.Errorf("redlet: an argument is of type %T: "+
				"give a string, a []byte or a number", arg)
		}
		dst = fmt.Appendf(dst, "$%d\r\n", len(scratch))
		dst = append(dst, scratch...)
		dst = append(dst, "\r\n"...)
	}
	return dst, nil
}
