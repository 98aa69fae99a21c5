package rdb

// Functions reads the payload that FUNCTION DUMP makes: the sources of libraries, one behind the
// other. It reports false when the payload is damaged or holds anything else; an unchecked one may
// have a wrong checksum.
func Functions(payload []byte, unchecked bool) (sources [][]byte, ok bool) {
	r, err := NewPayloadReader(payload, unchecked)
	if err != nil {
		return nil, false
	}
	end := len(payload) - payloadFooter
	for r.at < end {
		op, err := r.Byte()
		if err != nil || op != opFunction2 {
			return nil, false
		}
		source, err := r.String()
		if err != nil {
			return nil, false
		}
		sources = append(sources, source)
	}
	return sources, r.at == end
}
