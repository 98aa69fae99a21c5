package lua

// building is a string in the making. What is long lies in pieces, so that nothing is moved while
// it grows; it is brought together part by part.
type building struct {
	out    []byte // its end
	pieces []piece
	before int // how long the pieces are
}

// piece is a part of a building: one of the two.
type piece struct {
	b []byte
	s string // of another string, so that nothing is copied
}

// pieceMax is from how many bytes on what is built becomes a piece.
const pieceMax = 256 << 10

// add appends a string.
//
//go:noinline
func (b *building) add(s string) {
	if len(s) < bytesAtOnce {
		b.out = append(b.out, s...)
		return
	}
	b.seal()
	b.pieces = append(b.pieces, piece{s: s})
	b.before += len(s)
}

// seal makes a piece of the end.
//
//go:noinline
func (b *building) seal() {
	if len(b.out) > 0 {
		b.pieces = append(b.pieces, piece{b: b.out})
		b.before += len(b.out)
		b.out = nil
	}
}

func (b *building) size() int { return b.before + len(b.out) }

// bound is called whenever something was appended, of no more than pieceMax.
//
//go:noinline
func (b *building) bound(l *thread) {
	if len(b.out) >= pieceMax {
		l.vm.left -= len(b.out) / 64
		b.seal()
		b.out = make([]byte, 0, pieceMax+bytesAtOnce)
	}
	if b.size() > StringMax {
		fail(l, "not enough memory")
	}
}

// pushBuilt ends a function of a library with what it has built, and with a second value if there
// is one. What was built is the caller's no more unless it is short.
//
//go:noinline
func (l *thread) pushBuilt(b *building, second value) int {
	if b.before == 0 && len(b.out) < pieceMax {
		l.vm.allocated(len(b.out))
		l.pushBytes(b.out)
		if second.isNil() {
			return 1
		}
		l.push(second)
		return 2
	}
	b.seal()
	pieces, in := b.pieces, 0
	b.pieces, b.before = nil, 0
	size := 0
	for _, p := range pieces {
		size += len(p.b) + len(p.s)
	}
	l.ahead = l.vm.newFilling(size, second, func(out []byte, from, to int) []byte {
		for len(out) < to-from {
			p, most := &pieces[0], to-from-len(out)
			if p.s != "" {
				out = append(out, p.s[in:min(len(p.s), in+most)]...)
			} else {
				out = append(out, p.b[in:min(len(p.b), in+most)]...)
			}
			in += most
			if in >= len(p.b)+len(p.s) {
				pieces, in = pieces[1:], 0
			}
		}
		return out
	})
	return becoming
}

// joined has a job go on with what was built on top of the stack: at once if it is short.
func (l *thread) joined(b *building) int {
	if l.pushBuilt(b, nilValue) == becoming {
		return waiting
	}
	return 1
}
