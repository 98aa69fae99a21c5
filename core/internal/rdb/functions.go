package rdb

// Functions reads the payload that FUNCTION DUMP makes: the sources of libraries, one behind the
// other. Where the payload is damaged or holds anything else, problem is what FUNCTION RESTORE says
// once it has loaded the libraries before. An unchecked one may have a wrong checksum.
func Functions(payload []byte, unchecked bool) (sources [][]byte, problem string) {
	r, err := NewPayloadReader(payload, unchecked)
	if err != nil {
		return nil, "DUMP payload version or checksum are wrong"
	}
	for r.at < len(payload)-payloadFooter {
		switch r.in[r.at] {
		case opFunction2:
		case opFunctionPreGA:
			return sources, "Pre-GA function format not supported"
		default:
			return sources, "given type is not a function"
		}
		r.at++
		source, err := r.String()
		if err != nil {
			return sources, "Failed loading library payload"
		}
		sources = append(sources, source)
	}
	return sources, ""
}
