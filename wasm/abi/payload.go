package abi

import (
	"bytes"
	"maps"
	"slices"
	"strconv"

	"github.com/redlet/redlet/internal/sds"
)

// SeedSize is the number of bytes of seed with which a CONFIGURE payload begins.
const SeedSize = 32

// Peer is a connection as CLIENT LIST shows it: what an OPEN frame carries.
type Peer struct {
	Addr, Laddr string // "127.0.0.1:50000"; for a unix socket its path and ":0".
	FD          int    // The host's number for it, -1 if there is none.
	Unix        bool
}

// AppendOpen appends the payload of an OPEN frame: `addr laddr fd unix`.
// A byte of an address that would break the form (a blank, a control character) becomes '_'; an
// empty address becomes "?:0".
func AppendOpen(dst []byte, p Peer) []byte {
	dst = appendAddr(dst, p.Addr)
	dst = append(dst, ' ')
	dst = appendAddr(dst, p.Laddr)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(p.FD), 10)
	if p.Unix {
		return append(dst, " 1"...)
	}
	return append(dst, " 0"...)
}

func appendAddr(dst []byte, addr string) []byte {
	if addr == "" {
		return append(dst, "?:0"...)
	}
	for i := range len(addr) {
		if addr[i] <= ' ' || addr[i] == 0x7f {
			dst = append(dst, '_')
		} else {
			dst = append(dst, addr[i])
		}
	}
	return dst
}

// ParseOpen reads the payload of an OPEN frame.
func ParseOpen(b []byte) (Peer, error) {
	fields := bytes.Split(b, []byte{' '})
	if len(fields) != 4 || len(fields[0]) == 0 || len(fields[1]) == 0 {
		return Peer{}, ErrBadOpen
	}
	fd, err := strconv.ParseInt(string(fields[2]), 10, 32)
	if err != nil {
		return Peer{}, ErrBadOpen
	}
	unix := string(fields[3])
	if unix != "0" && unix != "1" {
		return Peer{}, ErrBadOpen
	}
	return Peer{string(fields[0]), string(fields[1]), int(fd), unix == "1"}, nil
}

// AppendSave appends the payload of a SAVE frame: the length of the path, the path, the image.
func AppendSave(dst []byte, path string, image []byte) []byte {
	dst = appendU32(dst, uint32(len(path)))
	dst = append(dst, path...)
	return append(dst, image...)
}

// ParseSave reads the payload of a SAVE frame. Image lies within b.
func ParseSave(b []byte) (path string, image []byte, err error) {
	if len(b) < 4 || uint64(len(b)-4) < uint64(u32(b)) {
		return "", nil, ErrBadSave
	}
	n := int(u32(b))
	return string(b[4 : 4+n]), b[4+n:], nil
}

// AppendReplayed appends the payload of a REPLAYED frame: how many bytes of the file were applied,
// and why not all, or nothing if all is well.
func AppendReplayed(dst []byte, good int, why string) []byte {
	return append(appendU32(dst, uint32(good)), why...)
}

// ParseReplayed reads the payload of a REPLAYED frame.
func ParseReplayed(b []byte) (good int, why string, err error) {
	if len(b) < 4 {
		return 0, "", ErrBadReplayed
	}
	return int(u32(b)), string(b[4:]), nil
}

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
