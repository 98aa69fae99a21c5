package listpack

// The functions here work on a pack that lies at buf[head:], with unused room before it: an element
// is put before the first by moving the header of six bytes, not the pack. A list whose head is
// pushed and popped keeps its packs so.

// EntrySize returns how many bytes s takes as an element.
func EntrySize(s []byte) int {
	v := Parse(s)
	return v.size()
}

// PushFront makes s the first element of the pack at buf[head:] and returns where the pack begins
// then. It returns -1, and does nothing, if there are not EntrySize(s) bytes before head.
func PushFront(buf []byte, head int, s []byte) int {
	if to := head - len(s) - 2; short(s) && to >= 0 {
		n := Pack(buf[head:]).count()
		putShort(buf[to+headerSize:], s)
		Pack(buf[to:]).addCount(n, 1)
		return to
	}
	v := Parse(s)
	to := head - v.size()
	if to < 0 {
		return -1
	}
	n := Pack(buf[head:]).count()
	v.put(buf[to+headerSize:])
	Pack(buf[to:]).addCount(n, 1)
	return to
}

// PopFront removes the first element of the pack at buf[head:], which is not empty, and returns
// where the pack begins then.
func PopFront(buf []byte, head int) int {
	p := Pack(buf[head:])
	n := p.count()
	head += p.entrySize(headerSize)
	Pack(buf[head:]).addCount(n, -1)
	return head
}
