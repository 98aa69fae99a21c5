package core

import (
	"slices"
	"strings"
	"testing"
)

// TestClientListByID lists clients in the order in which they are asked for, as often as they are.
func TestClientListByID(t *testing.T) {
	e := start(t)
	e.open(2, Conn{Addr: "127.0.0.1:50001"})
	feed(e, 1, "CLIENT LIST ID 2 1 99 2")
	var ids []string
	for line := range strings.Lines(sent(e, 1)) {
		if id, ok := strings.CutPrefix(line, "id="); ok {
			id, _, _ = strings.Cut(id, " ")
			ids = append(ids, id)
		}
	}
	if want := []string{"2", "1", "2"}; !slices.Equal(ids, want) {
		t.Errorf("%q, want %q", ids, want)
	}
}
