//go:build go1.25

package netbridge

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/core/coretest"
)

// The kinds of records, and those of alerts that forgers send.
const (
	recChange    = 20
	recAlert     = 21
	recHandshake = 22
	recData      = 23

	alertClose    = 0
	alertInternal = 80
	alertCanceled = 90
)

// keyUpdate asks for new keys of both sides.
const keyUpdate = "\x18\x00\x00\x01\x01"

// forger makes the records of a client of TLS 1.3 once hands are shaken, so that a test has them in
// its hands: tls.Conn reads what is answered.
type forger struct {
	*client
	raw    net.Conn
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

func forge(t *testing.T, addr string) *forger {
	t.Helper()
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	var keys bytes.Buffer
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &keys})
	f := &forger{client: wrap(t, c), raw: raw}
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if suite := c.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skipf("this processor prefers %s", tls.CipherSuiteName(suite))
	}
	for line := range strings.Lines(keys.String()) {
		if words := strings.Fields(line); words[0] == "CLIENT_TRAFFIC_SECRET_0" {
			secret, err := hex.DecodeString(words[2])
			if err != nil {
				t.Fatal(err)
			}
			f.rekey(secret)
		}
	}
	_, _ = raw.Write(f.record(recData, "PING\r\n"))
	f.expect("+PONG\r\n") // hands are shaken on the other side too
	return f
}

// rekey takes a traffic secret into use.
func (f *forger) rekey(secret []byte) {
	block, err := aes.NewCipher(expand(f.t, secret, "key", 16))
	if err == nil {
		f.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.secret, f.iv, f.seq = secret, expand(f.t, secret, "iv", 12), 0
}

// expand is HKDF-Expand-Label of RFC 8446.
func expand(t *testing.T, secret []byte, label string, n int) []byte {
	label = "tls13 " + label
	info := fmt.Sprintf("\x00%c%c%s\x00", n, len(label), label)
	key, err := hkdf.Expand(sha256.New, secret, info, n)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// record makes one record. Behind one that ends an update of keys come others.
func (f *forger) record(kind byte, text string) []byte {
	nonce := bytes.Clone(f.iv)
	low := nonce[4:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^f.seq)
	f.seq++
	inner := append([]byte(text), kind)
	head := binary.BigEndian.AppendUint16([]byte{recData, 3, 3}, uint16(len(inner)+16))
	return f.aead.Seal(head, nonce, inner, head)
}

// update makes an update of keys in as many records as it has parts.
func (f *forger) update(parts ...string) []byte {
	var all []byte
	for _, part := range parts {
		all = append(all, f.record(recHandshake, part)...)
	}
	f.rekey(expand(f.t, f.secret, "traffic upd", 32))
	return all
}

// talk is a conversation with everything in it that TLS 1.3 allows, and what is answered.
func (f *forger) talk(value string) (records [][]byte, replies string) {
	return [][]byte{
			f.record(recData, "PING\r\n"),
			f.update(keyUpdate),
			f.record(recData, "PI"), f.record(recData, ""), f.record(recData, "NG\r\n"),
			f.record(recAlert, string([]byte{1, alertCanceled})),
			f.update(keyUpdate[:1], keyUpdate[1:]),
			{recChange, 3, 3, 0, 1, 1},
			f.record(recData, command("SET", "k", value)),
			f.record(recData, "GET k\r\nQUIET\r\n"),
			f.record(recData, command("GET", "k")),
			f.record(recAlert, string([]byte{1, alertClose})),
		}, "+PONG\r\n+PONG\r\n+OK\r\n" + bulk(value) +
			"-ERR unknown command 'QUIET', with args beginning with: \r\n" + bulk(value)
}

func bulk(value string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value) }

// seam is a bridge with a port for TLS, and a client of a plain port of it. When that has an answer
// all that was sent to the other port before has been read.
type seam struct {
	*client
	bridge *Bridge
	addr   string
}

func newSeam(t *testing.T) *seam {
	b, addr := serve(t, way{secret: true}, nil)
	plain, err := b.Listen("tcp", "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	return &seam{dial(t, "tcp", plain.String()), b, addr}
}

// sent sends a part of something, and returns when it has been read.
func (s *seam) sent(c io.Writer, part []byte) {
	_, _ = c.Write(part) // the server may have heard enough
	s.send("PING\r\n")
	s.expect("+PONG\r\n")
}

// TestRecordPieces has everything that a client may say arrive a byte at a time, at once, and cut
// in two at each byte.
func TestRecordPieces(t *testing.T) {
	s := newSeam(t)
	play := func(pieces func(all []byte) [][]byte) {
		t.Helper()
		f := forge(t, s.addr)
		records, replies := f.talk("value")
		for _, piece := range pieces(bytes.Join(records, nil)) {
			s.sent(f.raw, piece)
		}
		f.expectEnd(replies)
	}
	play(func(all []byte) (pieces [][]byte) {
		for i := range all {
			pieces = append(pieces, all[i:i+1])
		}
		return pieces
	})
	size := 0
	play(func(all []byte) [][]byte {
		size = len(all)
		return [][]byte{all}
	})
	for i := 1; i < size; i++ {
		play(func(all []byte) [][]byte { return [][]byte{all[:i], all[i:]} })
	}
}

// TestRecordEnds has connections end in every way.
func TestRecordEnds(t *testing.T) {
	s := newSeam(t)
	const bad = "\x17\x03\x03"
	for _, end := range []struct {
		name  string
		bytes func(f *forger) []byte
		err   string // that the client reads; "" for the end
	}{
		{"an alert", func(f *forger) []byte {
			return f.record(recAlert, string([]byte{2, alertInternal}))
		}, ""},
		{"a record of noise", func(*forger) []byte {
			return []byte(bad + "\x00\x20" + strings.Repeat("x", 32))
		}, "remote error: tls: bad record MAC"},
		{"a record that is too long", func(*forger) []byte { return []byte(bad + "\xff\xff") },
			"remote error: tls: record overflow"},
		{"no TLS", func(*forger) []byte { return []byte("PING\r\n") },
			"remote error: tls: protocol version not supported"},
		{"a record of no kind", func(f *forger) []byte { return f.record(99, "x") },
			"remote error: tls: unexpected message"},
		{"a message of no kind", func(f *forger) []byte {
			return f.record(recHandshake, "\x63\x00\x00\x00")
		}, "remote error: tls: unexpected message"},
		{"too many empty records", func(f *forger) []byte {
			return bytes.Repeat([]byte{recChange, 3, 3, 0, 1, 1}, 100)
		}, "remote error: tls: unexpected message"},
		{"half a record", func(f *forger) []byte { return f.record(recData, "PING\r\n")[:20] }, ""},
		{"half a length", func(f *forger) []byte { return []byte(bad) }, ""},
	} {
		f := forge(t, s.addr)
		s.sent(f.raw, end.bytes(f))
		if err := f.raw.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f.r)
		text := ""
		if err != nil && !ended(err) {
			text = err.Error()
		}
		if len(got) > 0 || text != end.err {
			t.Errorf("%s: got %q, %q; want %q", end.name, got, text, end.err)
		}
	}
}

// dribble sends a byte at a time.
type dribble struct {
	net.Conn
	seam *seam
}

func (d dribble) Write(p []byte) (int, error) {
	for i := range p {
		d.seam.sent(d.Conn, p[i:i+1])
	}
	return len(p), nil
}

// TestHandshakePieces shakes hands a byte at a time, with each version.
func TestHandshakePieces(t *testing.T) {
	s := newSeam(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		raw, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		c := wrap(t, tls.Client(dribble{raw, s},
			&tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}))
		c.send(command("SET", "k", "v") + "GET k\r\nQUIT\r\n")
		c.expectEnd("+OK\r\n$1\r\nv\r\n+OK\r\n")
	}
}

// TestHandshakeEnds has clients stop amid a handshake, and counts what is left of them.
func TestHandshakeEnds(t *testing.T) {
	s := newSeam(t)
	mute := &pipe{in: strings.NewReader("")}
	_ = tls.Client(mute, &tls.Config{InsecureSkipVerify: true}).Handshake() // has no reply
	hello := &mute.out
	s.send("PING\r\n")
	s.expect("+PONG\r\n")
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	for name, end := range map[string]func(c net.Conn){
		"gone":   func(c net.Conn) { c.Close() },
		"closed": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"killed": func(c net.Conn) {
			s.send("CLIENT KILL ADDR " + c.LocalAddr().String() + "\r\n")
			s.expect(":1\r\n")
		},
		"mad": func(c net.Conn) { _, _ = c.Write(bytes.Repeat([]byte("x"), 1<<16)) },
	} {
		for _, n := range []int{0, 1, 5, 50, hello.Len()} {
			c, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(coretest.Patience))
			s.sent(c, hello.Bytes()[:n])
			end(c)
			if name != "gone" {
				if _, err := io.Copy(io.Discard, c); err != nil && !ended(err) {
					t.Errorf("%s after %d bytes: %v", name, n, err)
				}
				c.Close()
			}
		}
	}
	eventually(t, func() string {
		g, d := runtime.NumGoroutine(), openDescriptors(t)
		if g <= goroutines && d <= descriptors {
			return ""
		}
		return fmt.Sprintf("%d goroutines, were %d; %d descriptors, were %d",
			g, goroutines, d, descriptors)
	})
}

// TestLentConnection has a callback of the configuration ask who is there, and send one away.
func TestLentConnection(t *testing.T) {
	b := bridge(t, nil)
	config := selfSigned(t)
	asked := make(chan [2]string, 1)
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c := hello.Conn
		asked <- [2]string{c.RemoteAddr().String(), c.LocalAddr().String()}
		if hello.ServerName == "away" {
			return nil, c.Close()
		}
		return nil, nil
	}
	addr, err := b.Listen("tcp", "127.0.0.1:0", TLS(config))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"welcome", "away"} {
		raw := dial(t, "tcp", addr.String())
		c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: name})
		err := c.Handshake()
		if (err == nil) != (name == "welcome") {
			t.Errorf("%s: %v", name, err)
		}
		want := [2]string{raw.LocalAddr().String(), addr.String()}
		if got := <-asked; got != want {
			t.Errorf("a callback sees %v; want %v", got, want)
		}
	}
}

// FuzzRecords sends records of any kind, in any pieces. Whatever becomes of the connection, nothing
// becomes of another.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x17\x06PING\r\n\x16\x05"+keyUpdate), uint16(20), uint16(9))
	f.Add([]byte("\x17\x03PIN\x15\x02\x01\x00"), uint16(3), uint16(40))
	f.Add([]byte("\x16\x01\x18\x16\x04\x00\x00\x01\x01\x00\x17"), uint16(1), uint16(1))
	f.Fuzz(func(t *testing.T, script []byte, a, b uint16) {
		s := newSeam(t)
		c := forge(t, s.addr)
		var all []byte
		for len(script) >= 2 {
			kind, n := script[0], min(int(script[1]), len(script)-2)
			all = append(all, c.record(kind, string(script[2:2+n]))...)
			script = script[2+n:]
		}
		all = append(all, script...)
		i := min(int(a), len(all))
		j := min(i+int(b), len(all))
		for _, piece := range [][]byte{all[:i], all[i:j], all[j:]} {
			s.sent(c.raw, piece)
		}
		c.raw.Close()
	})
}
