// Package pqsort sorts the first elements of a list, which are numbers, of whatever the caller has:
// these move, and the code is there once. Which of those that compare as equal comes
// first is as Redis has it: the sort is the quicksort of Bentley and McIlroy ("Engineering a Sort
// Function", 1993), which leaves alone what does not reach into the part that is wanted.
package pqsort

// few is the length up to which elements are sorted by insertion, many the one from which on the
// pivot is the median of nine.
const (
	few  = 6
	many = 41
)

// First sorts so far that the first n elements of s are the least, in their order.
func First(s []uint32, n int, compare func(a, b uint32) int) {
	todo := [][2]int{{0, len(s)}} // not recursion, which could be as deep as s is long
	for len(todo) > 0 {
		from, to := todo[len(todo)-1][0], todo[len(todo)-1][1]
		todo = todo[:len(todo)-1]
		part := s[from:to]
		if len(part) <= few {
			insert(part, compare)
			continue
		}
		less, greater := split(part, compare)
		if less > 1 && from < n {
			todo = append(todo, [2]int{from, from + less})
		}
		if greater > 1 && to-greater < n {
			todo = append(todo, [2]int{to - greater, to})
		}
	}
}

func insert(s []uint32, compare func(a, b uint32) int) {
	for i := range s {
		for j := i; j > 0 && compare(s[j-1], s[j]) > 0; j-- {
			s[j-1], s[j] = s[j], s[j-1]
		}
	}
}

// split puts the elements that are less than one of them in front and those that are greater at the
// end, and tells how many they are.
func split(s []uint32, compare func(a, b uint32) int) (less, greater int) {
	i := pivot(s, compare)
	s[0], s[i] = s[i], s[0]
	// From both ends on come equal ones, then those that are less or greater; between b and c are
	// those that were not looked at.
	a, b, c, d := 1, 1, len(s)-1, len(s)-1
	for {
		for b <= c {
			order := compare(s[b], s[0])
			if order > 0 {
				break
			}
			if order == 0 {
				s[a], s[b] = s[b], s[a]
				a++
			}
			b++
		}
		for b <= c {
			order := compare(s[c], s[0])
			if order < 0 {
				break
			}
			if order == 0 {
				s[c], s[d] = s[d], s[c]
				d--
			}
			c--
		}
		if b > c {
			break
		}
		s[b], s[c] = s[c], s[b]
		b++
		c--
	}
	less, greater = b-a, d-c
	exchange(s, 0, b, min(a, less))
	exchange(s, b, len(s), min(greater, len(s)-1-d))
	return less, greater
}

// exchange exchanges n elements from an index on with those before an end.
func exchange(s []uint32, from, end, n int) {
	for i := range n {
		s[from+i], s[end-n+i] = s[end-n+i], s[from+i]
	}
}

// pivot is the place of the middle one of three elements, or of three middle ones of three.
func pivot(s []uint32, compare func(a, b uint32) int) int {
	low, mid, high := 0, len(s)/2, len(s)-1
	if len(s) == few+1 {
		return mid
	}
	if len(s) >= many {
		d := len(s) / 8
		low = middle(s, low, low+d, low+2*d, compare)
		mid = middle(s, mid-d, mid, mid+d, compare)
		high = middle(s, high-2*d, high-d, high, compare)
	}
	return middle(s, low, mid, high, compare)
}

// middle is the place of the middle one of three elements.
func middle(s []uint32, a, b, c int, compare func(a, b uint32) int) int {
	if compare(s[a], s[b]) < 0 {
		switch {
		case compare(s[b], s[c]) < 0:
			return b
		case compare(s[a], s[c]) < 0:
			return c
		}
		return a
	}
	switch {
	case compare(s[b], s[c]) > 0:
		return b
	case compare(s[a], s[c]) < 0:
		return a
	}
	return c
}
