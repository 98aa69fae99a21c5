//go:build !amd64

package vector

// dotWords is dotBytes for no more than wordsMax words.
func dotWords(a, b []uint64) int64 { return dotLoop(a, b) }
