package array

// Iter goes through the elements between two indexes, upwards or downwards. The array must not
// change meanwhile.
type Iter struct {
	a      *Array
	lo, hi uint64
	down   bool

	s     *slice // the one at hand, nil before the first and behind the last
	base  uint64 // the index of its offset 0
	at    int    // the place of the next word to look at
	left  int    // how many words are to be looked at
	next  uint64 // the number of the slice to look for then
	ended bool

	index uint64
	word  uint64
}

// Kind is how an element is kept.
type Kind uint8

// The kinds of element.
const (
	KindText Kind = iota
	KindInt
	KindFloat
	KindShort
)

// Range begins at from and ends at to, both included; where from is the greater it goes downwards.
//
//go:noinline
func (a *Array) Range(from, to uint64) Iter {
	it := Iter{a: a, lo: from, hi: to, next: from >> a.shift, ended: a.count == 0}
	if from > to {
		it.lo, it.hi, it.down = to, from, true
	}
	return it
}

// All begins a way through all elements.
func (a *Array) All() Iter { return a.Range(0, NoIndex) }

// Next goes to the next element and tells whether there is one.
func (it *Iter) Next() bool {
	for {
		for s := it.s; it.left > 0; {
			i := it.at
			it.left--
			if it.down {
				it.at--
			} else {
				it.at++
			}
			if it.word = s.words[i]; it.word == 0 {
				continue
			}
			offset := s.begin + i
			if !s.dense() {
				offset = int(s.offsets[i])
			}
			it.index = it.base + uint64(offset)
			return true
		}
		if it.ended || !it.nextSlice() {
			return false
		}
	}
}

// nextSlice goes to the next slice and tells whether there is one.
func (it *Iter) nextSlice() bool {
	a := it.a
	first, last := it.lo>>a.shift, it.hi>>a.shift
	var id uint64
	if it.down {
		it.s, id = a.floor(it.next)
		it.next = id - 1
		it.ended = id == 0
	} else {
		it.s, id = a.ceil(it.next)
		it.next = id + 1
	}
	if it.s == nil || id < first || id > last {
		it.s, it.ended = nil, true
		return false
	}
	it.ended = it.ended || it.next < first || it.next > last
	from, to := 0, a.sliceSize()-1
	if id == first {
		from = a.offset(it.lo)
	}
	if id == last {
		to = a.offset(it.hi)
	}
	it.base = id << a.shift
	it.aim(from, to)
	return true
}

// aim finds the words of the slice at hand that lie between two offsets.
func (it *Iter) aim(from, to int) {
	s := it.s
	if s.dense() {
		from, to = max(from-s.begin, 0), min(to-s.begin, len(s.words)-1)
	} else {
		n := s.within(from, to)
		from, _ = s.find(from)
		to = from + n - 1
	}
	it.at, it.left = from, max(to-from+1, 0)
	if it.down {
		it.at = to
	}
}

// Index is that of the element at hand.
func (it *Iter) Index() uint64 { return it.index }

// Value is the element at hand: a part of the array, or appended to buf.
func (it *Iter) Value(buf []byte) []byte { return it.s.decode(it.word, buf) }

// Kind tells how the element at hand is kept.
func (it *Iter) Kind() Kind { return Kind(tag(it.word)) }

// Int is an element of KindInt.
func (it *Iter) Int() int64 { return int64(it.word) >> tagBits }

// Float is an element of KindFloat.
func (it *Iter) Float() float64 { return wordFloat(it.word) }
