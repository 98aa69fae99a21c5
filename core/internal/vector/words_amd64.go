package vector

// dotWords is dotBytes for no more than wordsMax words, of which b has as many as a. It takes what
// every processor of this kind has.
//
//go:noescape
func dotWords(a, b []uint64) int64
