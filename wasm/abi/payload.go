package abi

import (
	"bytes"
	"maps"
	"slices"

	"github.com/redlet/redlet/internal/sds"
)

// SeedSize is the number of bytes of seed with which a CONFIGURE payload begins.
const SeedSize = 32

// AppendConfigure appends the payload of a CONFIGURE frame: the seed, then a line `name
// "value"` for each parameter, sorted by name.
func AppendConfigure(dst []byte, seed [SeedSize]byte, config map[string]string) []byte {
	dst = append(dst, seed[:]...)
	for _, name := range slices.Sorted(maps.Keys(config)) {
		dst = append(dst, name...)
		dst = append(dst, ' ')
		dst = sds.AppendRepr(dst, config[name])
		dst = append(dst, '\n')
	}
	return dst
}

// ParseConfigure reads the payload of a CONFIGURE frame.
// Each line is `name value`, quoted as redis.conf quotes; blank lines and lines that begin with
// # are skipped. Several values on one line are joined with one space. Of a name that comes
// twice the last line counts.
func ParseConfigure(b []byte) (seed [SeedSize]byte, config map[string]string, err error) {
	if len(b) < SeedSize {
		return seed, nil, ErrNoSeed
	}
	copy(seed[:], b)
	config = make(map[string]string)
	for line := range bytes.SplitSeq(b[SeedSize:], []byte{'\n'}) {
		name, value, err := parseLine(line)
		if err != nil {
			return seed, nil, err
		}
		if name != "" {
			config[name] = value
		}
	}
	return seed, config, nil
}

// parseLine reads one line of redis.conf; name is empty for a line that says nothing.
func parseLine(line []byte) (name, value string, err error) {
	if line = bytes.TrimLeft(line, " \t\r\v\f"); len(line) > 0 && line[0] == '#' {
		return "", "", nil
	}
	words, ok := sds.SplitArgs(nil, line)
	switch {
	case !ok:
		return "", "", ErrQuotes
	case len(words) == 0:
		return "", "", nil
	case len(words) == 1 || len(words[0]) == 0:
		return "", "", ErrNoValue
	}
	return string(bytes.ToLower(words[0])), string(bytes.Join(words[1:], []byte{' '})), nil
}
