package array

import (
	"math/bits"

	"github.com/redlet/redlet/core/internal/alloc"
	"github.com/redlet/redlet/core/internal/small"
)

// dirBytes is what a table of so many slices takes in Redis.
func dirBytes(n int) int {
	if n == 0 {
		return 0
	}
	return alloc.Size(n * wordBytes)
}

// slice returns the slice of a number, nil if it is not there.
func (a *Array) slice(id uint64) *slice {
	if a.blockCap > 0 {
		i, found := a.block(id >> blockBits)
		if !found {
			return nil
		}
		return a.blocks[i].get(int(id % blockSlots))
	}
	if id >= uint64(len(a.dir)) {
		return nil
	}
	return a.dir[id]
}

// block returns where the block of a number is, or would be.
//
//go:noinline
func (a *Array) block(id uint64) (int, bool) {
	lo, hi := 0, len(a.blocks)
	for lo < hi {
		mid := (lo + hi) / 2
		if a.blocks[mid].id < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(a.blocks) && a.blocks[lo].id == id
}

// reach makes the directory large enough for a slice.
func (a *Array) reach(id uint64) {
	switch {
	case a.blockCap > 0:
	case id >= blockSlots:
		a.split()
	case id >= uint64(len(a.dir)):
		a.resizeDir(1 << bits.Len64(id))
	}
}

// split makes the directory one of blocks.
func (a *Array) split() {
	a.blockCap = 4
	a.memory += alloc.Size(a.blockCap*entryBytes) - dirBytes(len(a.dir))
	if len(a.dir) > 0 {
		b := block{slots: make([]*slice, blockSlots), count: a.slices}
		copy(b.slots, a.dir)
		a.dir = nil
		a.blocks = []block{b}
		a.memory += dirBytes(blockSlots)
	}
}

func (a *Array) resizeDir(n int) {
	dir := make([]*slice, n)
	copy(dir, a.dir)
	a.memory += dirBytes(n) - dirBytes(len(a.dir))
	a.dir = dir
}

// shrink gives back the part of the directory behind the last slice.
func (a *Array) shrink() {
	if n := 1 << bits.Len64(a.highest); a.blockCap == 0 && n < len(a.dir) {
		a.resizeDir(n)
	}
}

// put adds a slice that the directory reaches.
func (a *Array) put(id uint64, s *slice) {
	a.slices++
	a.memory += s.bytes()
	if a.blockCap == 0 {
		a.dir[id] = s
		return
	}
	i, found := a.block(id >> blockBits)
	if !found {
		if len(a.blocks) == a.blockCap {
			a.memory -= alloc.Size(a.blockCap * entryBytes)
			a.blockCap *= 2
			a.memory += alloc.Size(a.blockCap * entryBytes)
		}
		a.blocks = small.Insert(a.blocks, i, block{id: id >> blockBits, offsets: []uint16{}})
		a.memory += dirBytes(blockSlots)
	}
	a.blocks[i].put(int(id%blockSlots), s)
}

// remove removes a slice, which is no longer counted as memory.
func (a *Array) remove(id uint64) {
	a.slices--
	if a.blockCap == 0 {
		a.dir[id] = nil
		return
	}
	i, _ := a.block(id >> blockBits)
	a.blocks[i].remove(int(id % blockSlots))
	if a.blocks[i].count == 0 {
		a.blocks = small.Delete(a.blocks, i, i+1)
		a.memory -= dirBytes(blockSlots)
	}
}

// ceil finds the first slice from a number up, nil if there is none.
func (a *Array) ceil(id uint64) (*slice, uint64) {
	if a.blockCap == 0 {
		for ; id < uint64(len(a.dir)); id++ {
			if s := a.dir[id]; s != nil {
				return s, id
			}
		}
		return nil, 0
	}
	i, found := a.block(id >> blockBits)
	for ; i < len(a.blocks); i++ {
		b := &a.blocks[i]
		from := 0
		if found {
			from, found = int(id%blockSlots), false
		}
		if s, offset := b.ceil(from); s != nil {
			return s, b.id<<blockBits + uint64(offset)
		}
	}
	return nil, 0
}

// floor finds the last slice up to a number, nil if there is none.
func (a *Array) floor(id uint64) (*slice, uint64) {
	if a.blockCap == 0 {
		for n := min(id+1, uint64(len(a.dir))); n > 0; n-- {
			if s := a.dir[n-1]; s != nil {
				return s, n - 1
			}
		}
		return nil, 0
	}
	i, found := a.block(id >> blockBits)
	if !found {
		i--
	}
	for ; i >= 0; i-- {
		b := &a.blocks[i]
		from := blockSlots - 1
		if found {
			from, found = int(id%blockSlots), false
		}
		if s, offset := b.floor(from); s != nil {
			return s, b.id<<blockBits + uint64(offset)
		}
	}
	return nil, 0
}
