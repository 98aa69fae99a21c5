// Package same compares short byte strings by words that may overlap: in the guest half the time
// of the comparison that the language does, which takes two calls.
package same

// The lengths that are compared by words.
const (
	least = 8
	most  = 32
)

// Bytes tells whether a and b are equal.
func Bytes(a, b []byte) bool {
	n := len(b)
	if n < least || n > most || len(a) != n {
		return string(a) == string(b)
	}
	if word(a) != word(b) || word(a[n-8:]) != word(b[n-8:]) {
		return false
	}
	return n <= 16 || word(a[8:]) == word(b[8:]) && word(a[n-16:]) == word(b[n-16:])
}

// Text tells whether a string and b are equal.
func Text(a string, b []byte) bool {
	n := len(b)
	if n < least || n > most || len(a) != n {
		return a == string(b)
	}
	if text(a) != word(b) || text(a[n-8:]) != word(b[n-8:]) {
		return false
	}
	return n <= 16 || text(a[8:]) == word(b[8:]) && text(a[n-16:]) == word(b[n-16:])
}

func word(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

func text(b string) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
