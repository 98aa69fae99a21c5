// Package coretest is redlet's test kit: transcripts of Redis sessions, runners that play them
// against anything that speaks the protocol, and the variants that must not change an answer.
package coretest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/redlet/redlet/internal/sds"
)

// Reply is one reply of the Redis protocol, version 2 or 3.
type Reply struct {
	Kind  byte    // the type byte: + - : $ * _ # , ( = % ~ > !
	Text  string  // of everything that is no aggregate
	Null  bool    // $-1, *-1 and _
	Items []Reply // of * ~ >, and of % as key, value, key, value …
}

// Parse reads the reply at the start of b and returns its length: 0 while it is incomplete.
func Parse(b []byte) (Reply, int, error) {
	nl := bytes.Index(b, []byte("\r\n"))
	if nl < 0 {
		return Reply{}, 0, nil
	}
	if nl == 0 {
		return Reply{}, 0, fmt.Errorf("empty line where a reply should begin: %q", clip(b))
	}
	r := Reply{Kind: b[0], Text: string(b[1:nl])}
	switch r.Kind {
	case '+', '-', ':', ',', '(', '#':
		return r, nl + 2, nil
	case '_':
		r.Null = true
		return r, nl + 2, nil
	case '$', '=', '!':
		return parseBulk(r, b, nl+2)
	case '*', '~', '>', '%':
		return parseAggregate(r, b, nl+2)
	}
	return r, 0, fmt.Errorf("unknown reply type %q in %q", r.Kind, clip(b))
}

func clip(b []byte) []byte { return b[:min(len(b), 80)] }

func parseBulk(r Reply, b []byte, at int) (Reply, int, error) {
	n, err := strconv.Atoi(r.Text)
	if err != nil {
		return r, 0, err
	}
	if n < 0 {
		r.Null, r.Text = true, ""
		return r, at, nil
	}
	if len(b) < at+n+2 {
		return r, 0, nil
	}
	if string(b[at+n:at+n+2]) != "\r\n" {
		return r, 0, fmt.Errorf("no line end behind a bulk of %d bytes: %q", n, clip(b))
	}
	r.Text = string(b[at : at+n])
	if r.Kind == '=' {
		r.Text = r.Text[4:]
	}
	return r, at + n + 2, nil
}

func parseAggregate(r Reply, b []byte, at int) (Reply, int, error) {
	n, err := strconv.Atoi(r.Text)
	if err != nil {
		return r, 0, err
	}
	r.Text = ""
	if n < 0 {
		r.Null = true
		return r, at, nil
	}
	if r.Kind == '%' {
		n *= 2
	}
	for range n {
		item, size, err := Parse(b[at:])
		if err != nil || size == 0 {
			return r, 0, err
		}
		r.Items = append(r.Items, item)
		at += size
	}
	return r, at, nil
}

// String is the reply as redis-cli prints it to a terminal, without the last line end.
func (r Reply) String() string {
	var out strings.Builder
	r.format(&out, "")
	return strings.TrimSuffix(out.String(), "\n")
}

func (r Reply) format(out *strings.Builder, indent string) {
	switch {
	case r.Null:
		out.WriteString("(nil)\n")
	case r.Kind == '+':
		out.WriteString(r.Text + "\n")
	case r.Kind == '-' || r.Kind == '!':
		out.WriteString("(error) " + r.Text + "\n")
	case r.Kind == ':':
		out.WriteString("(integer) " + r.Text + "\n")
	case r.Kind == ',':
		out.WriteString("(double) " + r.Text + "\n")
	case r.Kind == '(':
		out.WriteString(r.Text + "\n")
	case r.Kind == '#' && r.Text == "t":
		out.WriteString("(true)\n")
	case r.Kind == '#':
		out.WriteString("(false)\n")
	case r.Kind == '=':
		out.WriteString(r.Text + "\n")
	case r.Kind == '$':
		out.WriteString(sds.Repr(r.Text) + "\n")
	default:
		r.formatItems(out, indent)
	}
}

func (r Reply) formatItems(out *strings.Builder, indent string) {
	step, mark := 1, byte(')')
	empty := "(empty array)\n"
	switch r.Kind {
	case '%':
		step, mark, empty = 2, '#', "(empty hash)\n"
	case '~':
		mark, empty = '~', "(empty set)\n"
	case '>':
		mark, empty = '>', "(empty push)\n"
	}
	if len(r.Items) == 0 {
		out.WriteString(empty)
		return
	}
	width := len(strconv.Itoa(len(r.Items) / step))
	deeper := indent + strings.Repeat(" ", width+2)
	for i := 0; i < len(r.Items); i += step {
		if i > 0 {
			out.WriteString(indent)
		}
		fmt.Fprintf(out, "%*d%c ", width, i/step+1, mark)
		if step == 1 {
			r.Items[i].format(out, deeper)
			continue
		}
		var key strings.Builder
		r.Items[i].format(&key, deeper)
		out.WriteString(strings.TrimSuffix(key.String(), "\n") + " => ")
		if len(r.Items[i+1].Items) > 0 { // redis-cli begins what is nested in a map on a new line
			out.WriteString("\n" + deeper)
		}
		r.Items[i+1].format(out, deeper)
	}
}

// RESP2 is the reply as a client of version 2 would have got it.
func (r Reply) RESP2() Reply {
	items := make([]Reply, len(r.Items))
	for i, item := range r.Items {
		items[i] = item.RESP2()
	}
	if len(items) == 0 {
		items = nil
	}
	r.Items = items
	switch r.Kind {
	case '%', '~', '>':
		r.Kind = '*'
	case ',', '(', '=':
		r.Kind = '$'
	case '_':
		r.Kind = '$'
	case '!':
		r.Kind = '-'
	case '#':
		one := r.Text == "t"
		r.Kind, r.Text = ':', "0"
		if one {
			r.Text = "1"
		}
	}
	return r
}

// Append writes the reply, of RESP2, as a server sends it.
func (r Reply) Append(out []byte) []byte {
	switch {
	case r.Null && r.Kind == '*':
		return append(out, "*-1\r\n"...)
	case r.Null:
		return append(out, "$-1\r\n"...)
	case r.Kind == '$':
		return fmt.Appendf(out, "$%d\r\n%s\r\n", len(r.Text), r.Text)
	case r.Kind == '*':
		out = fmt.Appendf(out, "*%d\r\n", len(r.Items))
		for _, item := range r.Items {
			out = item.Append(out)
		}
		return out
	}
	return fmt.Appendf(out, "%c%s\r\n", r.Kind, r.Text)
}

// Request writes a command as clients send it.
func Request(args ...string) []byte {
	out := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, arg := range args {
		out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return out
}
