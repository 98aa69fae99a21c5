package netbridge

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/redlet/redlet/host"
)

const webRequest = "GET / HTTP/1.1\r\nHost: 10.0.0.1:6390\r\nUpgrade: websocket\r\n" +
	"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Version: 13\r\n"

// frame is a client's, masked.
func frame(head byte, data string) []byte {
	b := []byte{head}
	switch n := len(data); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	default:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	}
	b = append(b, 1, 2, 3, 4)
	for i := range len(data) {
		b = append(b, data[i]^byte(i&3+1))
	}
	return b
}

// TestWebSocket speaks RESP through a WebSocket: in pieces of messages, in messages of many
// commands, with pings between.
func TestWebSocket(t *testing.T) {
	loop, err := host.NewLoop(host.LoopOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	b := New(loop, Options{})
	defer b.Close()
	addr, err := b.Listen("tcp", "127.0.0.1:0", WebSocket())
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	large := strings.Repeat("x", 300)
	send := []byte(webRequest + "\r\n")
	send = append(send, frame(0x02, "SET a 1\r")...) // a message in two frames
	send = append(send, frame(0x89, "hi")...)
	send = append(send, frame(0x80, "\nGET a\r\nECHO "+large+"\r\n")...)
	send = append(send, frame(0x81, "QUIT\r\n")...)
	if _, err := c.Write(send); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	head := textproto.NewReader(in)
	if line, err := head.ReadLine(); err != nil || line != "HTTP/1.1 101 Switching Protocols" {
		t.Fatalf("%q, %v", line, err)
	}
	fields, err := head.ReadMIMEHeader()
	if got := fields.Get("Sec-Websocket-Accept"); err != nil || got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("accepted by %q, %v", got, err)
	}
	var data, pong []byte
	for {
		var h [4]byte
		if _, err := io.ReadFull(in, h[:2]); err != nil {
			break
		}
		n := int(h[1])
		if n == 126 {
			io.ReadFull(in, h[2:4])
			n = int(h[2])<<8 | int(h[3])
		}
		p := make([]byte, n)
		if _, err := io.ReadFull(in, p); err != nil {
			t.Fatal(err)
		}
		if h[0] == 0x8a {
			pong = append(pong, p...)
		} else {
			data = append(data, p...)
		}
	}
	want := "+OK\r\n$1\r\n1\r\n$300\r\n" + large + "\r\n+OK\r\n"
	if string(data) != want || string(pong) != "hi" {
		t.Errorf("%q, pong %q; want %q", data, pong, want)
	}
}

// TestWebSocketRefused shows who is not let in.
func TestWebSocketRefused(t *testing.T) {
	for _, c := range []struct{ request, want string }{
		{webRequest, "101"},
		{webRequest + "Origin: http://localhost:8080\r\n", "101"},
		{webRequest + "Origin: http://[::1]\r\n", "101"},
		{webRequest + "Origin: https://10.0.0.1\r\n", "101"},
		{webRequest + "Origin: https://good.example\r\n", "101"},
		{webRequest + "Origin: https://evil.example\r\n", "403"},
		{webRequest + "Origin: null\r\n", "403"},
		{strings.Replace(webRequest, "13", "8", 1), "426"},
		{strings.Replace(webRequest, "GET", "POST", 1), "400"},
		{strings.Replace(webRequest, "dGhl", "", 1), "400"},
		{"*1\r\n$4\r\nPING\r\n", "400"},
	} {
		answer, err := accept(strings.Split(strings.TrimSuffix(c.request, "\r\n"), "\r\n"),
			[]string{"https://good.example"})
		if !strings.HasPrefix(answer, "HTTP/1.1 "+c.want) || (err == nil) != (c.want == "101") {
			t.Errorf("%q: %q, %v", c.request, answer, err)
		}
	}
}

// pipe is a connection whose far end has said all that it will, and takes everything.
type pipe struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (p *pipe) Read(b []byte) (int, error)      { return p.in.Read(b) }
func (p *pipe) Write(b []byte) (int, error)     { return p.out.Write(b) }
func (p *pipe) Close() error                    { return nil }
func (p *pipe) SetDeadline(time.Time) error     { return nil }
func (p *pipe) SetReadDeadline(time.Time) error { return nil }

// FuzzWebSocket reads anything to its end: it neither panics nor gives more than came.
func FuzzWebSocket(f *testing.F) {
	f.Add([]byte(webRequest+"\r\n"), frame(0x82, "PING\r\n"))
	f.Add([]byte(webRequest+"\r\n"), append(frame(0x89, "x"), frame(0x88, "\x03\xe8")...))
	f.Add([]byte("\r\n\r\n"),
		[]byte{0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4, 5})
	f.Add([]byte(webRequest+"\r\n"), []byte{0x82, 0xfe, 0, 5, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, head, frames []byte) {
		c := &pipe{in: bytes.NewReader(append(append([]byte{}, head...), frames...))}
		got, _ := io.ReadAll(WebSocket().over(c))
		if len(got) > len(frames) && bytes.HasSuffix(head, []byte("\r\n\r\n")) {
			t.Errorf("%d bytes of %d", len(got), len(frames))
		}
	})
}
