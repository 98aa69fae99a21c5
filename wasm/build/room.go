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

// packFunctions ends each function behind the last table and the last other data that are there:
// to the runtime those beyond are not. They stand behind one another.
func (t *lineTable) packFunctions() error {
	entries := t.data[t.entries:]
	first, last := len(entries), 0
	var packed []byte
	for i := range t.functions {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		number := func(i int) uint32 { return binary.LittleEndian.Uint32(f[offNumber+4*i:]) }
		tables, others := int(binary.LittleEndian.Uint32(f[offTables:])), int(f[offOthers])
		at := len(entries) - len(f)
		first, last = min(first, at), max(last, at+offNumber+4*(tables+others))
		behind := f[offNumber+4*tables:]
		n, m := tables, others
		for n > 0 && number(n-1) == 0 {
			n--
		}
		for m > 0 && number(tables+m-1) == none {
			m--
		}
		binary.LittleEndian.PutUint32(f[offTables:], uint32(n))
		f[offOthers] = byte(m)
		binary.LittleEndian.PutUint32(entries[8*i+4:], uint32(len(packed)))
		packed = append(append(packed, f[:offNumber+4*n]...), behind[:4*m]...)
	}
	for i := range t.functions {
		at := binary.LittleEndian.Uint32(entries[8*i+4:])
		binary.LittleEndian.PutUint32(entries[8*i+4:], uint32(first)+at)
	}
	clear(entries[first+copy(entries[first:last], packed) : last])
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
