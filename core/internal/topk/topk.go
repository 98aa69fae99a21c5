// Package topk finds the heaviest of many items in little memory, by the algorithm Space-Saving of
// Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k elements in data
// streams", 2005.
package topk

import (
	"cmp"

	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/timer"
)

// List has a counter for each of so many items. One that has none takes the smallest counter over,
// with what stands there: a count is never too small, and too large by at most the smallest.
type List struct {
	counters map[string]*counter
	smallest timer.Heap[*counter]
	most     int
	total    int64
}

// counter is the count of an item.
type counter struct {
	timer.Node
	item  string
	count int64
}

// Entry is an item and its count.
type Entry struct {
	Item  string
	Count int64
}

// New returns a list of at most so many counters.
func New(most int) *List { return &List{counters: map[string]*counter{}, most: most} }

// Total is the sum of all weights that were added.
func (l *List) Total() int64 { return l.total }

// Add adds to the count of an item, which it copies. A weight must not be negative; without one
// nothing is noted.
func (l *List) Add(item []byte, weight int64) {
	if weight == 0 {
		return
	}
	l.total += weight
	c := l.counters[string(item)]
	if c == nil {
		c = &counter{}
		if len(l.counters) == l.most {
			c, _, _ = l.smallest.Pop()
			delete(l.counters, c.item)
		}
		c.item = string(item)
		l.counters[c.item] = c
	}
	c.count += weight
	l.smallest.Set(c, c.count)
}

// Top returns the heaviest items, at most so many, the heaviest first.
func (l *List) Top(most int) []Entry {
	all := make([]Entry, 0, len(l.counters))
	for _, c := range l.counters { // order: sorted below
		all = append(all, Entry{c.item, c.count})
	}
	small.Sort(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Item, b.Item))
	})
	return all[:min(most, len(all))]
}
