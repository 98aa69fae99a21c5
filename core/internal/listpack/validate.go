package listpack

import (
	"encoding/binary"
	"strconv"
)

// Error says where bytes stop being a listpack.
type Error struct {
	Offset int    // of the first byte that is wrong
	Reason string // what is wrong with it, in a few words
}

// Error describes the fault with its offset.
func (e *Error) Error() string {
	return "listpack: " + e.Reason + " at offset " + strconv.Itoa(e.Offset)
}

// Validate checks every byte of b, which may come from anywhere, and returns b as a Pack. The pack
// lies in b.
func Validate(b []byte) (Pack, error) {
	count, err := validate(b)
	if err != nil {
		return nil, err
	}
	if n := Pack(b).count(); n != countUnknown && n != count {
		return nil, &Error{4, "the count differs from that of the elements"}
	}
	return Pack(b), nil
}

// ValidateUncounted is Validate without regard to how many elements the head says there are. Of
// such a pack Len and Index must not be asked.
func ValidateUncounted(b []byte) (Pack, error) {
	_, err := validate(b)
	return Pack(b), err
}

// validate checks all but the count in the head, and counts.
func validate(b []byte) (count int, err error) {
	if len(b) < EmptySize {
		return 0, &Error{len(b), "it is too short"}
	}
	if uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) {
		return 0, &Error{0, "the size differs from that of the data"}
	}
	if b[len(b)-1] != endByte {
		return 0, &Error{len(b) - 1, "the end mark is missing"}
	}
	elements := b[:len(b)-1]
	for pos := headerSize; pos < len(elements); count++ {
		size, reason := checkEntry(elements, pos)
		if reason != "" {
			return 0, &Error{pos, reason}
		}
		pos += size
	}
	return count, nil
}

// checkEntry checks the element at a place and returns its size, or what is wrong with it.
func checkEntry(elements []byte, pos int) (size int, reason string) {
	b := elements[pos:]
	if b[0] > 0xF4 {
		return 0, "the encoding is unknown"
	}
	if need := encodingSize(b[0]); need > len(b) {
		return 0, "the element is cut off"
	}
	data := Pack(b).dataSize(0)
	width := backWidth(data)
	if data < 0 || data > len(b)-width {
		return 0, "the element is cut off"
	}
	// Redis does not mind one that is read out of the element too, until the element is changed. Out
	// of the head it is read for the empty string alone, and would change with that.
	n, ok := backLen(elements, pos+data+width)
	if !ok || n != data || b[0] == 0x80 && b[1] != 1 {
		return 0, "the backward length is wrong"
	}
	return data + width, ""
}

// encodingSize returns how many bytes tell the length of an element that begins with b.
func encodingSize(b byte) int {
	switch {
	case b >= 0xE0 && b < 0xF0:
		return 2
	case b == 0xF0:
		return 5
	}
	return 1
}
