package small

import "strings"

// pileSize is how many bytes a Pile takes at once.
const pileSize = 512

// Pile copies short texts one behind the other, so that many of them take one allocation. Nothing
// of it is freed before all of its texts are.
type Pile struct{ free []byte }

// Clone is a copy of b, and not nil.
func (p *Pile) Clone(b []byte) []byte {
	if len(b) > pileSize/4 {
		return Clone(b)
	}
	if len(b) > cap(p.free) || p.free == nil {
		p.free = make([]byte, 0, pileSize)
	}
	n := len(b)
	at := append(p.free, b...)
	p.free = at[n:]
	return at[:n:n]
}

// Texts is a Pile of texts that are not changed.
type Texts struct{ b strings.Builder }

// Clone is b as a text.
func (p *Texts) Clone(b []byte) string {
	if len(b) > pileSize/4 {
		return string(b)
	}
	n := p.b.Len()
	if n+len(b) > p.b.Cap() {
		p.b, n = strings.Builder{}, 0
		p.b.Grow(pileSize)
	}
	p.b.Write(b)
	return p.b.String()[n:]
}
