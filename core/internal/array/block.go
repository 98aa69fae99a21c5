package array

import (
	"slices"

	"github.com/redlet/redlet/core/internal/small"
)

// block is a part of the directory, for blockSlots slices. In Redis it is a table from the start;
// here it is a list of few slices before that, since a client can ask for one block an element.
type block struct {
	id      uint64
	count   int
	offsets []uint16 // of the slices in a list, rising; nil for a table
	slots   []*slice
}

// listMax is the most slices that a block holds as a list.
const listMax = 32

// find returns where in a list an offset is, or would be.
func (b *block) find(offset int) (int, bool) {
	return slices.BinarySearch(b.offsets, uint16(offset))
}

// get returns the slice at an offset, nil if there is none.
func (b *block) get(offset int) *slice {
	if b.offsets == nil {
		return b.slots[offset]
	}
	i, found := b.find(offset)
	if !found {
		return nil
	}
	return b.slots[i]
}

// put adds a slice at an offset where there is none.
func (b *block) put(offset int, s *slice) {
	if b.count++; b.count > listMax && b.offsets != nil {
		table := make([]*slice, blockSlots)
		for i, offset := range b.offsets {
			table[offset] = b.slots[i]
		}
		b.offsets, b.slots = nil, table
	}
	if b.offsets == nil {
		b.slots[offset] = s
		return
	}
	i, _ := b.find(offset)
	b.offsets = small.Insert(b.offsets, i, uint16(offset))
	b.slots = small.Insert(b.slots, i, s)
}

// remove removes the slice at an offset.
func (b *block) remove(offset int) {
	b.count--
	if b.offsets == nil {
		b.slots[offset] = nil
		return
	}
	i, _ := b.find(offset)
	b.offsets = small.Delete(b.offsets, i, i+1)
	b.slots = small.Delete(b.slots, i, i+1)
}

// ceil finds the first slice from an offset up, nil if there is none.
func (b *block) ceil(offset int) (*slice, int) {
	if b.offsets != nil {
		if i, _ := b.find(offset); i < len(b.offsets) {
			return b.slots[i], int(b.offsets[i])
		}
		return nil, 0
	}
	for ; offset < blockSlots; offset++ {
		if s := b.slots[offset]; s != nil {
			return s, offset
		}
	}
	return nil, 0
}

// floor finds the last slice up to an offset, nil if there is none.
func (b *block) floor(offset int) (*slice, int) {
	if b.offsets != nil {
		i, found := b.find(offset)
		if !found {
			i--
		}
		if i >= 0 {
			return b.slots[i], int(b.offsets[i])
		}
		return nil, 0
	}
	for ; offset >= 0; offset-- {
		if s := b.slots[offset]; s != nil {
			return s, offset
		}
	}
	return nil, 0
}
