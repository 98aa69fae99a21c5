package server

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redlet/redlet"
	"github.com/redlet/redlet/core"
)

var background = context.Background()

// Peer is a client, as a hook or a command of one's own sees it: good for writing until that
// returns.
type Peer struct {
	Resp3      bool        // the client has switched to RESP3
	Ctx        interface{} // whatever you like to keep with the client
	ClientName string      // by CLIENT SETNAME since there was a hook or a command of one's own

	id     core.ConnID
	db     int
	call   *redlet.Call // while a script calls
	w      Writer
	closed bool
}

// Block writes several things in one go.
func (c *Peer) Block(f func(*Writer)) { f(&c.w) }

// Close ends the connection, behind what was written. A command that is not done does not run.
func (c *Peer) Close() { c.closed = true }

// Closed tells whether Close was called.
func (c *Peer) Closed() bool { return c.closed }

// Flush does nothing: what was written is sent when the command is done.
func (c *Peer) Flush() {}

// WriteBulk writes a string.
func (c *Peer) WriteBulk(s string) { c.w.WriteBulk(s) }

// WriteError writes an error.
func (c *Peer) WriteError(e string) { c.w.WriteError(e) }

// WriteFloat writes a double: of RESP2 a string.
func (c *Peer) WriteFloat(n float64) { c.w.WriteFloat(n) }

// WriteInline writes a status.
func (c *Peer) WriteInline(s string) { c.w.WriteInline(s) }

// WriteInt writes an integer.
func (c *Peer) WriteInt(n int) { c.w.WriteInt(n) }

// WriteLen begins an array of n things.
func (c *Peer) WriteLen(n int) { c.w.WriteLen(n) }

// WriteMapLen begins a map of n names and values: of RESP2 an array of both.
func (c *Peer) WriteMapLen(n int) { c.w.WriteMapLen(n) }

// WriteNull writes that there is no value.
func (c *Peer) WriteNull() { c.w.WriteNull() }

// WriteOK writes the status OK.
func (c *Peer) WriteOK() { c.w.WriteInline("OK") }

// WritePushLen begins a push of n things: of RESP2 an array.
func (c *Peer) WritePushLen(n int) { c.w.WritePushLen(n) }

// WriteRaw writes bytes as they are.
func (c *Peer) WriteRaw(s string) { c.w.WriteRaw(s) }

// WriteSetLen begins a set of n members: of RESP2 an array.
func (c *Peer) WriteSetLen(n int) { c.w.WriteSetLen(n) }

// WriteStrings writes an array of strings.
func (c *Peer) WriteStrings(strs []string) { c.w.WriteStrings(strs) }

// Writer is what Block gives.
type Writer struct {
	out   []byte
	resp3 bool
}

// Flush does nothing, as Peer's.
func (w *Writer) Flush() {}

// WriteBulk writes a string.
func (w *Writer) WriteBulk(s string) { w.out = fmt.Appendf(w.out, "$%d\r\n%s\r\n", len(s), s) }

// WriteError writes an error.
func (w *Writer) WriteError(e string) { w.line("-", e) }

// WriteFloat writes a double: of RESP2 a string.
func (w *Writer) WriteFloat(n float64) {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if w.resp3 {
		w.line(",", text)
	} else {
		w.WriteBulk(text)
	}
}

// WriteInline writes a status.
func (w *Writer) WriteInline(s string) { w.line("+", s) }

// WriteInt writes an integer.
func (w *Writer) WriteInt(n int) { w.line(":", strconv.Itoa(n)) }

// WriteLen begins an array of n things.
func (w *Writer) WriteLen(n int) { w.line("*", strconv.Itoa(n)) }

// WriteMapLen begins a map of n names and values: of RESP2 an array of both.
func (w *Writer) WriteMapLen(n int) {
	if w.resp3 {
		w.line("%", strconv.Itoa(n))
	} else {
		w.WriteLen(2 * n)
	}
}

// WriteNull writes that there is no value.
func (w *Writer) WriteNull() {
	if w.resp3 {
		w.line("_", "")
	} else {
		w.line("$", "-1")
	}
}

// WritePushLen begins a push of n things: of RESP2 an array.
func (w *Writer) WritePushLen(n int) { w.sign(">", n) }

// WriteRaw writes bytes as they are.
func (w *Writer) WriteRaw(s string) { w.out = append(w.out, s...) }

// WriteSetLen begins a set of n members: of RESP2 an array.
func (w *Writer) WriteSetLen(n int) { w.sign("~", n) }

// WriteStrings writes an array of strings.
func (w *Writer) WriteStrings(strs []string) {
	w.WriteLen(len(strs))
	for _, s := range strs {
		w.WriteBulk(s)
	}
}

// sign begins something that is an array in RESP2.
func (w *Writer) sign(sign string, n int) {
	if !w.resp3 {
		sign = "*"
	}
	w.line(sign, strconv.Itoa(n))
}

func (w *Writer) line(sign, text string) {
	w.out = append(append(append(w.out, sign...), text...), "\r\n"...)
}
