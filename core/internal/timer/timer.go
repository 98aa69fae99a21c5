// Package timer orders things by the instant at which they fall due.
//
// A Heap holds items that each embed a Node. An item can be moved or taken out at any time, in
// logarithmic time, since its Node remembers where in the heap it stands. Items due at the same
// instant come out in the order in which they were set, so that a run can be replayed exactly.
package timer

// A Node is embedded by value in whatever is to stand in a Heap. The zero Node stands in none.
// An item that embeds one must not be copied while it stands in a heap.
type Node struct {
	place int32 // index in the heap's slice plus one; 0 while in no heap
}

func (n *Node) timerNode() *Node { return n }

// Due reports whether the item stands in a heap.
func (n *Node) Due() bool { return n.place != 0 }

// An Item is a pointer to a struct that embeds a Node.
type Item interface {
	timerNode() *Node
}

// A Heap is a 4-ary min-heap of items keyed by time. The zero Heap is empty and ready. It keeps
// the memory of its largest size; setting and removing allocate nothing beyond that.
type Heap[T Item] struct {
	slots []slot[T]
	seq   uint64
}

// A slot carries its key beside its item: sifting compares neighbours in one array and follows an
// item's pointer only to tell it where it now stands.
type slot[T Item] struct {
	at   int64
	seq  uint64
	item T
}

func (s *slot[T]) before(t *slot[T]) bool {
	return s.at < t.at || s.at == t.at && s.seq < t.seq
}

// Len is the number of items in the heap.
func (h *Heap[T]) Len() int { return len(h.slots) }

// Min returns the item that is due first and when; ok is false if the heap is empty.
func (h *Heap[T]) Min() (item T, at int64, ok bool) {
	if len(h.slots) == 0 {
		return item, 0, false
	}
	return h.slots[0].item, h.slots[0].at, true
}

// At returns when the item is due; ok is false if it stands in no heap.
// An item that stands in another heap must not be asked for here.
func (h *Heap[T]) At(item T) (at int64, ok bool) {
	place := item.timerNode().place
	if place == 0 {
		return 0, false
	}
	return h.slots[place-1].at, true
}

// Set puts the item into the heap, due at the given time, or moves it there if it is in already.
// A moved item queues behind those due at the same time; one set to the time it has stays put.
func (h *Heap[T]) Set(item T, at int64) {
	place := item.timerNode().place
	if place == 0 {
		h.seq++
		h.slots = append(h.slots, slot[T]{})
		h.up(len(h.slots)-1, slot[T]{at, h.seq, item})
		return
	}
	old := h.slots[place-1].at
	if at == old {
		return
	}
	h.seq++
	h.sift(int(place-1), slot[T]{at, h.seq, item})
}

// Remove takes the item out and reports whether it was in.
func (h *Heap[T]) Remove(item T) bool {
	n := item.timerNode()
	if n.place == 0 {
		return false
	}
	i := int(n.place - 1)
	n.place = 0
	last := len(h.slots) - 1
	moved := h.slots[last]
	h.slots[last] = slot[T]{}
	h.slots = h.slots[:last]
	if i != last {
		h.sift(i, moved)
	}
	return true
}

// Pop removes and returns the item that is due first and when; ok is false if the heap is empty.
func (h *Heap[T]) Pop() (item T, at int64, ok bool) {
	item, at, ok = h.Min()
	if ok {
		h.Remove(item)
	}
	return item, at, ok
}

// Clear takes out every item and gives the memory back.
func (h *Heap[T]) Clear() {
	for i := range h.slots {
		h.slots[i].item.timerNode().place = 0
	}
	h.slots = nil
}

// sift puts s where it belongs, given that the slot i is free.
func (h *Heap[T]) sift(i int, s slot[T]) {
	if i > 0 && s.before(&h.slots[(i-1)/4]) {
		h.up(i, s)
		return
	}
	h.down(i, s)
}

func (h *Heap[T]) up(i int, s slot[T]) {
	for i > 0 {
		parent := (i - 1) / 4
		if !s.before(&h.slots[parent]) {
			break
		}
		h.put(i, h.slots[parent])
		i = parent
	}
	h.put(i, s)
}

func (h *Heap[T]) down(i int, s slot[T]) {
	for {
		first := 4*i + 1
		if first >= len(h.slots) {
			break
		}
		least := first
		for j := first + 1; j < min(first+4, len(h.slots)); j++ {
			if h.slots[j].before(&h.slots[least]) {
				least = j
			}
		}
		if !h.slots[least].before(&s) {
			break
		}
		h.put(i, h.slots[least])
		i = least
	}
	h.put(i, s)
}

func (h *Heap[T]) put(i int, s slot[T]) {
	h.slots[i] = s
	s.item.timerNode().place = int32(i + 1)
}
