package aofile

import (
	"bytes"
	"math"
)

// Status says what Next has found.
type Status int

const (
	// Complete is a command.
	Complete Status = iota
	// More is the start of something that goes on behind what is there.
	More
	// End is the end of the file, behind the last command.
	End
	// Short is the end of the file in the midst of a command or an annotation.
	Short
	// Malformed is damage: what no server has written.
	Malformed
	// Unreadable is damage that redis-server takes for an error of the disk.
	Unreadable
)

// commandLine is the longest line that redis-server reads at once. What is longer goes on as
// another line.
const commandLine = 1023

// argMax is a size beyond every address space: redis-server ends for want of memory.
const argMax = 1 << 47

// Reader reads the commands of a file as redis-server does: its numbers are those of C's atoi, any
// byte stands for a CR, any two for the CRLF behind an argument, and '#' begins an annotation.
type Reader struct {
	// Args are the command's arguments: slices of the file, valid until the next call.
	Args [][]byte
}

// Next reads the command at the start of text, or skips an annotation there, which has no Args, and
// returns how many bytes that took. whole says that nothing follows text in the file.
func (r *Reader) Next(text []byte, whole bool) (size int, status Status) {
	r.Args = r.Args[:0]
	if len(text) == 0 && whole {
		return 0, End
	}
	c := cursor{text: text, end: More}
	if whole {
		c.end = Short
	}
	line, status := c.line()
	if status != Complete {
		return 0, status
	}
	last := whole && c.at == len(text) && line[c.at-1] != '\n'
	switch {
	case line[0] == '#' && last:
		return 0, Short
	case line[0] == '#':
		return c.at, Complete
	case line[0] != '*':
		return 0, Malformed
	case last && (c.at == 1 || line[1] == 0):
		return 0, Short
	case line[1] == 0:
		return 0, Unreadable
	}
	// An int has 32 bits there: what is greater wraps round.
	count := int32(number(line[1:]))
	if count < 1 {
		return 0, Malformed
	}
	for ; count > 0; count-- {
		if status := r.arg(&c); status != Complete {
			return 0, status
		}
	}
	return c.at, Complete
}

// arg reads an argument.
//
//go:noinline
func (r *Reader) arg(c *cursor) Status {
	line, status := c.line()
	if status != Complete {
		return status
	}
	if line[0] != '$' {
		return Malformed
	}
	size := number(line[1:])
	switch rest := int64(len(c.text) - c.at); {
	case size < 0 || size >= argMax:
		return Malformed
	case rest < size+2:
		return c.end
	}
	r.Args = append(r.Args, c.text[c.at:c.at+int(size):c.at+int(size)])
	c.at += int(size) + 2
	return Complete
}

// cursor goes through a text.
type cursor struct {
	text []byte
	at   int
	end  Status // what it is that text ends too early
}

// line takes a line as C's fgets does: with its newline, unless the file ends first or the line is
// too long.
//
//go:noinline
func (c *cursor) line() ([]byte, Status) {
	rest := c.text[c.at:]
	line := rest[:lineEnd(rest, commandLine)]
	if len(line) == 0 || c.end == More && len(line) < commandLine && line[len(line)-1] != '\n' {
		return nil, c.end
	}
	c.at += len(line)
	return line, Complete
}

// lineEnd is where the first line of text ends: behind its newline, after most bytes, or with text.
func lineEnd(text []byte, most int) int {
	text = text[:min(len(text), most)]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}

// number is what C's strtol makes of the start of a text.
//
//go:noinline
func number(text []byte) int64 {
	i := 0
	for i < len(text) && (text[i] == ' ' || '\t' <= text[i] && text[i] <= '\r') {
		i++
	}
	negative := false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}
	n := int64(0)
	for ; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
		digit := int64(text[i] - '0')
		if n > (math.MaxInt64-digit)/10 {
			if negative {
				return math.MinInt64
			}
			return math.MaxInt64
		}
		n = n*10 + digit
	}
	if negative {
		return -n
	}
	return n
}
