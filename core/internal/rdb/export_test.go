package rdb

import "fmt"

// What the tests that compare with a real server need of this package.
const PayloadFooter = payloadFooter

// Samples makes strings.
func Samples(n int) [][]byte { return samples(n) }

// OldLayout is a payload in a layout of an earlier version, and what is in it.
type OldLayout struct {
	Type    Type
	Payload []byte
	Want    string
}

// OldLayouts makes one of each.
func OldLayouts() (out []OldLayout) {
	for _, c := range oldLayouts() {
		w := Writer{}
		w.BeginPayload(nil)
		w.Type(c.t)
		c.write(&w)
		payload := w.EndPayload()
		copy(payload[len(payload)-payloadFooter:], "\x0a\x00")
		end := len(payload) - 8
		crc := CRC64(0, payload[:end])
		for i := range 8 {
			payload[end+i] = byte(crc >> (8 * i))
		}
		out = append(out, OldLayout{c.t, payload, c.want})
	}
	return out
}

// Read reads the payload.
func (o OldLayout) Read() (string, error) {
	r, err := NewPayloadReader(o.Payload, false)
	if err != nil {
		return "", err
	}
	typ, err := r.ReadType()
	if err != nil {
		return "", err
	}
	var s flat
	switch typ {
	case TypeHashMetadataPreGA, TypeHashListpackExPreGA, TypeHashZipmap, TypeHashZiplist:
		err = r.Hash(typ, &s)
	case TypeZset, TypeZsetZiplist:
		z := scored{}
		err = r.Zset(typ, &z)
		s = z.flat
	default:
		err = r.List(typ, s.node)
	}
	return fmt.Sprint(s), err
}
