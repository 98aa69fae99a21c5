package rdb

import (
	"testing"

	"github.com/redlet/redlet/core/internal/array"
)

// arrayImage is an image of an array that is kept in every way.
func arrayImage() []byte {
	lim := array.Limits{SliceSize: 4096, SparseMax: 10, SparseMin: 5}
	a := array.New(&lim)
	for i, v := range []string{"-7", "2.5", "short", "a longer text"} {
		a.Set(uint64(i)*5000, []byte(v), &lim)
	}
	a.Inserted = 70
	w := Writer{Version: Newest, Checksum: true}
	w.Begin(nil)
	w.Key(TypeArray, []byte("a"))
	w.Array(a)
	return w.End()
}

func TestArray(t *testing.T) {
	const want = `key "a" expire -1 idle -1 freq -1: 70 true 0 -7 5000 2.5 10000 "short" true ` +
		`15000 "a longer text" false` + "\n"
	if got, err := told(arrayImage()); err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
