package rdb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/internal/listpack"
)

// A reference is a real redis-server that a test talks to.
type reference struct {
	t   *testing.T
	c   net.Conn
	r   *bufio.Reader
	dir string
}

// startReference starts the server that REDLET_REFERENCE names or that is on PATH, in a directory
// that may already hold a dump.rdb. Where there is none, the test is skipped.
func startReference(t *testing.T, dir string) *reference {
	t.Helper()
	path := os.Getenv("REDLET_REFERENCE")
	if path == "" {
		path, _ = exec.LookPath("redis-server")
	}
	if path == "" {
		t.Skip("no redis-server on PATH: install the package redis-server to run this test")
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir,
		"--enable-debug-command", "yes")
	var log bytes.Buffer
	cmd.Stdout = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 200 {
		if c, err := net.Dial("unix", socket); err == nil {
			ref := &reference{t, c, bufio.NewReader(c), dir}
			if !strings.Contains(fmt.Sprint(ref.do("PING")), "LOADING") {
				return ref
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("redis-server does not answer:\n%s", log.String())
	return nil
}

func (ref *reference) do(args ...string) any {
	ref.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	ref.c.Write(b.Bytes())
	return ref.reply()
}

func (ref *reference) reply() any {
	line, err := ref.r.ReadString('\n')
	if err != nil {
		ref.t.Fatal(err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$':
		if n < 0 {
			return nil
		}
		b := make([]byte, n+2)
		if _, err := io.ReadFull(ref.r, b); err != nil {
			ref.t.Fatal(err)
		}
		return string(b[:n])
	case '*':
		all := []any{}
		for range n {
			all = append(all, ref.reply())
		}
		return all
	}
	return line
}

// TestStringsAgainstReference compares the payloads of strings, above all of compressible ones.
func TestStringsAgainstReference(t *testing.T) {
	ref := startReference(t, t.TempDir())
	w := Writer{Compress: true}
	differ := 0
	for i, s := range samples(3000) {
		ref.do("SET", "k", string(s))
		want := ref.do("DUMP", "k").(string)
		w.BeginPayload(nil)
		w.Type(TypeString)
		w.String(s)
		got := w.EndPayload()
		body := len(want) - payloadFooter
		if string(got[:len(got)-payloadFooter]) != want[:body] {
			if differ++; differ < 5 {
				t.Errorf("sample %d (%d bytes %.40q):\n%.80q, want\n%.80q", i, len(s), s, got, want)
			}
		}
		if want[body] == Version && string(got) != want {
			t.Fatalf("sample %d: the footers differ", i)
		}
	}
	if differ > 0 {
		t.Errorf("%d payloads differ", differ)
	}
}

// TestOldLayoutsAgainstReference has redis-server restore values in the layouts of its forebears,
// and reads the same.
func TestOldLayoutsAgainstReference(t *testing.T) {
	ref := startReference(t, t.TempDir())
	for _, c := range oldLayouts() {
		w := Writer{}
		w.BeginPayload(nil)
		w.Type(c.t)
		c.write(&w)
		payload := w.EndPayload()
		copy(payload[len(payload)-payloadFooter:], "\x0a\x00")
		end := len(payload) - 8
		crc := CRC64(0, payload[:end])
		for i := range 8 {
			payload[end+i] = byte(crc >> (8 * i))
		}
		ref.do("DEL", "k")
		if got := ref.do("RESTORE", "k", "0", string(payload)); got != "+OK" {
			if c.t >= TypeHashMetadataPreGA {
				continue // a server from before there were such
			}
			t.Errorf("%v: the server answers %v", c.t, got)
			continue
		}
		read := []string{"HGETALL", "k"}
		if ref.do("TYPE", "k") == "+list" {
			read = []string{"LRANGE", "k", "0", "-1"}
		}
		if got := fmt.Sprint(ref.do(read...)); got != c.want {
			t.Errorf("%v: the server reads %s, want %s", c.t, got, c.want)
		}
		r, err := NewPayloadReader(payload)
		if err != nil {
			t.Fatal(err)
		}
		typ, _ := r.ReadType()
		var s flat
		if typ == TypeHashMetadataPreGA || typ == TypeHashListpackExPreGA ||
			typ == TypeHashZipmap || typ == TypeHashZiplist {
			err = r.Hash(typ, &s)
		} else {
			err = r.List(typ, s.node)
		}
		if got := fmt.Sprint(s); err != nil || got != c.want {
			t.Errorf("%v: read as %s %v, want %s", c.t, got, err, c.want)
		}
	}
}

// flat gathers the elements of lists, and the fields and values of hashes.
type flat []string

func (s *flat) node(n Node) {
	if n.Kind != NodePacked {
		*s = append(*s, string(n.Element))
		return
	}
	s.Packed(n.Pack, false)
}

func (s *flat) Packed(p listpack.Pack, ttls bool) error {
	i := 0
	for pos := p.First(); pos >= 0; pos = p.Next(pos) {
		if !ttls || i%3 < 2 {
			*s = append(*s, string(p.AppendAt(nil, pos)))
		}
		i++
	}
	return nil
}

func (s *flat) Pair(field, value []byte, _ int64) error {
	*s = append(*s, string(field), string(value))
	return nil
}

type oldLayout struct {
	t     Type
	write func(*Writer)
	want  string
}

// ziplist makes a ziplist of entries that each are an encoding and its content.
func ziplist(entries ...string) string {
	body, last, previous := "", 0, 0
	for _, e := range entries {
		last = ziplistHead + len(body)
		body += string(rune(previous)) + e
		previous = len(e) + 1
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(ziplistHead+len(body)+1))
	head = binary.LittleEndian.AppendUint32(head, uint32(last))
	head = binary.LittleEndian.AppendUint16(head, uint16(len(entries)))
	return string(head) + body + "\xff"
}

// mixedZiplist has a string of each head, and an integer of each width.
var mixedZiplist = ziplist("\x02hi", "\xf1", "\xfd", "\xfe\x80", "\xc0\x00\x80",
	"\xf0\x00\x00\x80", "\xd0\x00\x00\x00\x80", "\xe0\x00\x00\x00\x00\x00\x00\x00\x80",
	"\x40\x03abc", "\x80\x00\x00\x00\x01z")

const mixedWant = "[hi 0 12 -128 -32768 -8388608 -2147483648 -9223372036854775808 abc z]"

func oldLayouts() []oldLayout {
	str := func(s string) func(*Writer) { return func(w *Writer) { w.String([]byte(s)) } }
	nodes := func(w *Writer) {
		w.Length(2)
		w.String([]byte(mixedZiplist))
		w.String([]byte(ziplist("\x01q")))
	}
	far := int64(4102444800000)
	metadata := func(w *Writer) {
		w.Length(2)
		w.Length(uint64(far))
		w.String([]byte("f"))
		w.String([]byte("v"))
		w.Length(0)
		w.String([]byte("g"))
		w.String([]byte("w"))
	}
	pack := listpack.New(0).Append([]byte("f")).Append([]byte("v")).AppendInt(far)
	pack = pack.Append([]byte("g")).Append([]byte("w")).AppendInt(0)
	return []oldLayout{
		{TypeList, func(w *Writer) {
			w.Length(2)
			w.String([]byte("a"))
			w.String([]byte("1"))
		}, "[a 1]"},
		{TypeListZiplist, str(mixedZiplist), mixedWant},
		{TypeListQuicklist, nodes, mixedWant[:len(mixedWant)-1] + " q]"},
		{TypeHashZipmap, str("\x02\x01f\x02\x01vw\x00\x01g\x01\x00x\xff"), "[f vw g x]"},
		{TypeHashZiplist, str(mixedZiplist), mixedWant},
		{TypeHashMetadataPreGA, metadata, "[f v g w]"},
		{TypeHashListpackExPreGA, str(string(pack)), "[f v g w]"},
	}
}
