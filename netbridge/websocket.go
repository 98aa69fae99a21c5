package netbridge

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// WebSocket makes connections that were accepted ones whose bytes go through a WebSocket (RFC
// 6455), so that a page can speak RESP. A message's type and where it begins and ends mean nothing.
//
// A browser lets every page connect to anywhere and says only whose page it is. Pages of this
// machine and of the host that they connect to are let in, and those of the origins given, such as
// "https://example.com"; "*" lets in all. Who says nothing is no browser.
func WebSocket(origins ...string) Secure {
	return overWebSocket{origins}
}

type overWebSocket struct{ origins []string }

func (o overWebSocket) over(c net.Conn) net.Conn {
	return &webSocket{Conn: c, in: bufio.NewReaderSize(c, 4096), origins: o.origins}
}

// webSocket is a connection through a WebSocket. It shakes hands when it is first read from or
// written to, as TLS does.
type webSocket struct {
	net.Conn
	in      *bufio.Reader
	origins []string
	hands   sync.Once
	refused error

	left   uint64 // of the frame that is being read
	mask   [4]byte
	masked int // how many of its bytes were

	mu  sync.Mutex // over out: reading answers pings
	out []byte
}

const (
	// handshakeMax is how long a request for a WebSocket may be, and handshakeTime how long it may
	// take.
	handshakeMax  = 16 << 10
	handshakeTime = 10 * time.Second
	// controlMax is how much a control frame may carry.
	controlMax = 125
	// acceptGUID is what a server shows by that it speaks the protocol.
	acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
)

// The kinds of frames.
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xa
)

var errFrame = errors.New("netbridge: what arrives is no WebSocket frame")

// shake answers the request for a WebSocket, once.
func (w *webSocket) shake() error {
	w.hands.Do(func() {
		_ = w.Conn.SetDeadline(time.Now().Add(handshakeTime))
		head, err := w.request()
		if err == nil {
			var answer string
			answer, err = accept(head, w.origins)
			if _, failed := io.WriteString(w.Conn, answer); err == nil {
				err = failed
			}
		}
		_ = w.Conn.SetDeadline(time.Time{})
		if w.refused = err; err != nil {
			_ = w.Conn.Close()
		}
	})
	return w.refused
}

// request reads what a client asks, to the empty line.
func (w *webSocket) request() ([]string, error) {
	var lines []string
	for size := 0; ; {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if size += len(line); size > handshakeMax {
			return nil, errors.New("netbridge: a request is too long")
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 && len(lines) > 0 {
			return lines, nil
		}
		lines = append(lines, string(line))
	}
}

// accept returns the answer to a request, and whether it is a refusal.
func accept(lines, origins []string) (string, error) {
	field := map[string]string{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		field[strings.ToLower(name)] = strings.TrimSpace(value)
	}
	refuse := func(status string) (string, error) {
		return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: 0\r\n" +
			"Sec-WebSocket-Version: 13\r\n\r\n", errors.New("netbridge: refused: " + status)
	}
	key, err := base64.StdEncoding.DecodeString(field["sec-websocket-key"])
	switch {
	case !strings.HasPrefix(lines[0], "GET "), !strings.EqualFold(field["upgrade"], "websocket"),
		!strings.Contains(strings.ToLower(field["connection"]), "upgrade"),
		err != nil, len(key) != 16:
		return refuse("400 Bad Request")
	case field["sec-websocket-version"] != "13":
		return refuse("426 Upgrade Required")
	case !welcome(field["origin"], field["host"], origins):
		return refuse("403 Forbidden")
	}
	sum := sha1.Sum([]byte(field["sec-websocket-key"] + acceptGUID))
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n", nil
}

// welcome tells whether the pages of an origin may connect.
func welcome(origin, host string, origins []string) bool {
	if origin == "" || slices.Contains(origins, "*") || slices.Contains(origins, origin) {
		return true
	}
	page, err := url.Parse(origin)
	asked, failed := url.Parse("ws://" + host)
	if err != nil || failed != nil || page.Hostname() == "" {
		return false
	}
	ip := net.ParseIP(page.Hostname())
	return page.Hostname() == "localhost" || ip.IsLoopback() || page.Hostname() == asked.Hostname()
}

// Read gives what messages carry.
func (w *webSocket) Read(p []byte) (int, error) {
	if err := w.shake(); err != nil {
		return 0, err
	}
	for w.left == 0 {
		if err := w.next(); err != nil {
			return 0, err
		}
	}
	n, err := w.in.Read(p[:min(uint64(len(p)), w.left)])
	w.unmask(p[:n])
	w.left -= uint64(n)
	return n, err
}

// next reads frames to the beginning of one with data. What is for the protocol alone it answers.
func (w *webSocket) next() error {
	var head [8]byte
	if _, err := io.ReadFull(w.in, head[:2]); err != nil {
		return err
	}
	op, size := head[0]&0xf, uint64(head[1]&0x7f)
	control := op >= opClose
	if head[0]&0x70 != 0 || head[1]&0x80 == 0 || op > opBinary && !control || op > opPong ||
		control && (size > controlMax || head[0]&0x80 == 0) {
		return errFrame
	}
	if more := map[uint64]int{126: 2, 127: 8}[size]; more > 0 {
		if _, err := io.ReadFull(w.in, head[8-more:]); err != nil {
			return err
		}
		clear(head[:8-more])
		size = binary.BigEndian.Uint64(head[:])
	}
	if _, err := io.ReadFull(w.in, w.mask[:]); err != nil {
		return err
	}
	w.masked = 0
	if !control {
		w.left = size
		return nil
	}
	said := make([]byte, size)
	if _, err := io.ReadFull(w.in, said); err != nil {
		return err
	}
	switch w.unmask(said); op {
	case opPing:
		return w.send(opPong, said)
	case opClose:
		_ = w.send(opClose, said[:min(len(said), 2)])
		return io.EOF
	}
	return nil
}

// unmask takes the mask of a frame from the next of its bytes.
func (w *webSocket) unmask(p []byte) {
	for i := range p {
		p[i] ^= w.mask[w.masked&3]
		w.masked++
	}
}

// Write sends a message.
func (w *webSocket) Write(p []byte) (int, error) {
	if err := w.shake(); err != nil {
		return 0, err
	}
	if err := w.send(opBinary, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// send sends a frame.
func (w *webSocket) send(op byte, p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = append(w.out[:0], 0x80|op)
	switch n := len(p); {
	case n < 126:
		w.out = append(w.out, byte(n))
	case n < 1<<16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, 126), uint16(n))
	default:
		w.out = binary.BigEndian.AppendUint64(append(w.out, 127), uint64(n))
	}
	w.out = append(w.out, p...)
	_, err := w.Conn.Write(w.out)
	if cap(w.out) > 1<<20 {
		w.out = nil
	}
	return err
}
