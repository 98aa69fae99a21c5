package timer

import (
	"math/rand/v2"
	"sort"
	"testing"
)

type job struct {
	Node
	id  int
	at  int64
	seq int
}

// TestAgainstSorting checks a long random history of Set, Remove and Pop against a sorted slice.
func TestAgainstSorting(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var h Heap[*job]
	jobs := make([]*job, 200)
	for i := range jobs {
		jobs[i] = &job{id: i}
	}
	due := map[*job]bool{}
	first := func() *job {
		var in []*job
		for j := range due {
			in = append(in, j)
		}
		sort.Slice(in, func(a, b int) bool {
			return in[a].at < in[b].at || in[a].at == in[b].at && in[a].seq < in[b].seq
		})
		if len(in) == 0 {
			return nil
		}
		return in[0]
	}
	for step := range 20000 {
		j := jobs[rnd.IntN(len(jobs))]
		switch rnd.IntN(5) {
		case 0:
			if h.Remove(j) != due[j] {
				t.Fatalf("step %d: Remove disagrees", step)
			}
			delete(due, j)
		case 1:
			got, _, ok := h.Pop()
			want := first()
			if ok != (want != nil) || ok && got != want {
				t.Fatalf("step %d: popped %v, want %v", step, got, want)
			}
			delete(due, want)
		default:
			at := rnd.Int64N(50)
			if !due[j] || j.at != at {
				j.at, j.seq = at, step
			}
			due[j] = true
			h.Set(j, at)
		}
		check(t, &h, due, first(), step)
	}
}

func check(t *testing.T, h *Heap[*job], due map[*job]bool, want *job, step int) {
	t.Helper()
	got, at, ok := h.Min()
	if h.Len() != len(due) || ok != (want != nil) || ok && (got != want || at != want.at) {
		t.Fatalf("step %d: Min %v %d, want %v", step, got, at, want)
	}
	for j := range due {
		if at, ok := h.At(j); !ok || at != j.at || !j.Due() {
			t.Fatalf("step %d: At(%d) = %d, want %d", step, j.id, at, j.at)
		}
	}
}

func TestEqualTimesKeepOrder(t *testing.T) {
	var h Heap[*job]
	for i := range 100 {
		h.Set(&job{id: i}, 7)
	}
	for i := range 100 {
		if j, _, _ := h.Pop(); j.id != i {
			t.Fatalf("item %d came out as number %d", j.id, i)
		}
	}
}

func TestClear(t *testing.T) {
	var h Heap[*job]
	j := &job{}
	h.Set(j, 1)
	h.Clear()
	if j.Due() || h.Len() != 0 || h.Remove(j) {
		t.Fatal("Clear left an item in")
	}
	h.Set(j, 2)
	if at, _ := h.At(j); at != 2 {
		t.Fatal("an item cannot be set again after Clear")
	}
}

func BenchmarkMove(b *testing.B) {
	var h Heap[*job]
	jobs := make([]job, 100_000)
	for i := range jobs {
		h.Set(&jobs[i], int64(i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		j := &jobs[i*7919%len(jobs)]
		h.Set(j, int64(i*104729%1_000_000))
	}
}
