package main

import (
	"bytes"
	"encoding/binary"
)

// All that the module puts into memory is in the memory of every instance, so what is cleared is
// brought together, and where many zeros are nothing is put.

// packPairs moves the pc-value tables that are left behind one another: nine of ten bytes between
// them were those of tables that are cleared.
func (t *lineTable) packPairs() error {
	table := t.data[t.pairs:t.entries]
	old := bytes.Clone(table)
	packed := []byte{0}
	moved := map[uint32]uint32{0: 0}
	for i := range t.functions {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		fields := []int{offPCSP}
		for j := range int(binary.LittleEndian.Uint32(f[offTables:])) {
			fields = append(fields, offNumber+4*j)
		}
		for _, field := range fields {
			at := binary.LittleEndian.Uint32(f[field:])
			to, known := moved[at]
			if !known {
				end, err := pairsEnd(old, at)
				if err != nil {
					return err
				}
				to = uint32(len(packed))
				packed = append(append(packed, old[at:end]...), 0)
				moved[at] = to
			}
			binary.LittleEndian.PutUint32(f[field:], to)
		}
	}
	if len(packed) > len(table) {
		return errTable
	}
	clear(table)
	copy(table, packed)
	return nil
}

// The buckets by which the runtime finds the function of an instruction: each is for so many bytes
// of text, and holds the number of the first function there, and 16 differences.
//
// In WebAssembly an instruction's address is the number of its function times 64 KiB, and that of a
// block. So 16 buckets, 320 bytes, serve a function: 1.4 MB, all equal. The guest's runtime is
// built to know of one: see wideBuckets.
const (
	bucketText = 4 << 10
	bucketSize = 20
	blocksMax  = 64 << 10
	perBlocks  = blocksMax / bucketText
)

// packBuckets leaves one bucket for each function.
func (t *lineTable) packBuckets(segments []segment) error {
	description := t.describe(segments)
	if description == nil {
		return errTable
	}
	number := func(at int) int64 { return int64(binary.LittleEndian.Uint64(description[at:])) }
	start, size := number(moduleStart), number(moduleEnd)-number(moduleStart)
	if size < 0 || size > functionsMax*blocksMax || (number(moduleText)-start)%blocksMax != 0 {
		return errTable
	}
	buckets := int((size + bucketText - 1) / bucketText)
	table := memory(segments, number(moduleBuckets), int64(buckets)*bucketSize)
	if table == nil {
		return errTable
	}
	bucket := func(i int) []byte { return table[i*bucketSize : (i+1)*bucketSize] }
	if buckets < 2 || !bytes.Equal(bucket(0), bucket(1)) {
		return nil // it is done already
	}
	for i := range buckets {
		if !bytes.Equal(bucket(i), bucket(i-i%perBlocks)) {
			return errTable
		}
	}
	packed := 0
	for i := 0; i < buckets; i += perBlocks {
		copy(bucket(packed), bucket(i))
		packed++
	}
	clear(table[packed*bucketSize:])
	return nil
}

// split cuts segments where so many zeros are that merge would not join what is around them.
func split(segments []segment) []segment {
	var out []segment
	for _, s := range segments {
		from, zeros := 0, 0 // what is not written yet, and how many zeros end it
		for i, b := range s.data {
			if b == 0 {
				zeros++
				continue
			}
			if zeros > gapMax {
				if i-zeros > from {
					out = append(out, segment{s.at + int64(from), s.data[from : i-zeros]})
				}
				from = i
			}
			zeros = 0
		}
		end := len(s.data)
		if zeros > gapMax {
			end -= zeros
		}
		if end > from || len(s.data) == 0 {
			out = append(out, segment{s.at + int64(from), s.data[from:end]})
		}
	}
	return out
}
