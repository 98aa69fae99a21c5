package reply

import (
	"strings"
	"testing"
)

// TestShortBulk writes bulk strings of every length near the border, as bytes and as text, with and
// without room, behind what must stay.
func TestShortBulk(t *testing.T) {
	for n := range 3 * shortMax {
		text := strings.Repeat("abcdefghij", 10)[:n]
		var slow Writer
		slow.Buf = append(slow.Buf, "+before\r\n"...)
		slow.Head('$', int64(n))
		want := string(slow.Buf) + text + "\r\n"
		for _, room := range []int{9, 16, 9 + shortRoom - 1, 9 + shortRoom, 200} {
			for _, asText := range []bool{false, true} {
				w := Writer{Buf: append(make([]byte, 0, room), "+before\r\n"...)}
				if asText {
					w.BulkString(text)
				} else {
					w.Bulk([]byte(text))
				}
				if string(w.Buf) != want {
					t.Fatalf("%d bytes with room for %d: %q, want %q", n, room, w.Buf, want)
				}
			}
		}
	}
}
