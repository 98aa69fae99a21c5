package ere

// escape reads what begins with a backslash.
func (p *parser) escape() error {
	if p.at+1 >= len(p.re) {
		return errEscape
	}
	c := p.re[p.at+1]
	p.at += 2
	if p.shorthand(c) {
		return nil
	}
	switch c {
	case 'b':
		p.atom = p.add(node{op: nodeAssert, a: int32(assertWord)})
	case 'B':
		p.atom = p.add(node{op: nodeAssert, a: int32(assertNoWord)})
	case '<':
		p.atom = p.add(node{op: nodeAssert, a: int32(assertWordBegin)})
	case '>':
		p.atom = p.add(node{op: nodeAssert, a: int32(assertWordEnd)})
	case 'x':
		return p.hex()
	default:
		if isDigit(c) {
			p.reference = max(p.reference, int(c-'0'))
			p.atom = p.empty()
			return nil
		}
		p.atom = p.add(node{op: nodeByte, a: int32(c)}) // in this case alone
	}
	return nil
}

// shorthand takes the letters that stand for a control character or a class.
func (p *parser) shorthand(c byte) bool {
	const letters, controls = "tnrfae", "\t\n\r\f\a\x1b"
	for i := range len(letters) {
		if letters[i] == c {
			p.atom = p.add(node{op: nodeByte, a: int32(controls[i])})
			return true
		}
	}
	var s set
	switch c {
	case 'w', 'W':
		s = classSet("alnum").with('_', '_')
	case 's', 'S':
		s = classSet("space")
	case 'd', 'D':
		s = classSet("digit")
	default:
		return false
	}
	if c < 'a' {
		s = s.not()
	}
	p.atom = p.setNode(s)
	return true
}

// hex reads the code of a character: up to two digits, or up to eight in braces. No byte has a code
// above 255.
func (p *parser) hex() error {
	code := uint32(0)
	if !p.is(0, '{') {
		for n := 0; n < 2 && p.more(); n++ {
			d, ok := hexDigit(p.re[p.at])
			if !ok {
				break
			}
			code = code<<4 | uint32(d)
			p.at++
		}
		p.atom = p.add(node{op: nodeByte, a: int32(code)})
		return nil
	}
	p.at++
	for n := 0; !p.is(0, '}'); n++ {
		if !p.more() {
			return errBrace
		}
		d, ok := hexDigit(p.re[p.at])
		if !ok || n == 8 {
			return errBrace
		}
		code = code<<4 | uint32(d)
		p.at++
	}
	p.at++
	if code > 255 {
		p.atom = p.setNode(set{})
		return nil
	}
	p.atom = p.add(node{op: nodeByte, a: int32(code)})
	return nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// bound reads the inside of a {} and the closing brace. TRE takes parameters of approximate
// matching there too, which are read over: as Redis builds it, it matches exactly.
func (p *parser) bound() (least, most int, err error) {
	begin := p.at
	least = p.number()
	most = least
	if p.is(0, ',') {
		p.at++
		least = max(least, 0)
		most = p.number()
	}
	switch {
	case most >= 0 && least > most:
		return 0, 0, errBound
	case least > boundMax || most > boundMax:
		return 0, 0, errBoundMax
	}
	if err = p.approximate(); err != nil {
		return 0, 0, err
	}
	switch {
	case !p.more():
		return 0, 0, errBrace
	case p.at == begin, p.re[p.at] != '}':
		return 0, 0, errBound
	}
	p.at++
	if least < 0 { // parameters alone
		least, most = 1, 1
	}
	return least, most, nil
}

// number reads a number, -1 where none stands; one too large for any bound is cut.
func (p *parser) number() int {
	if !p.more() || !isDigit(p.re[p.at]) {
		return -1
	}
	n := 0
	for ; p.more() && isDigit(p.re[p.at]); p.at++ {
		n = min(n*10+int(p.re[p.at]-'0'), 1<<20)
	}
	return n
}

// approximate reads over limits of errors and an equation of what they may cost. The last byte of
// the expression is never a part of them.
func (p *parser) approximate() error {
	limits, costs := false, false
	for begin := -1; begin != p.at; {
		begin = p.at
		if !limits {
			limits = p.limits()
		}
		if costs {
			continue
		}
		var err error
		if costs, err = p.costs(); err != nil {
			return err
		}
	}
	return nil
}

// limits reads over limits and tells whether there was one of an error of one kind.
func (p *parser) limits() (kind bool) {
	for p.at+1 < len(p.re) {
		switch p.re[p.at] {
		case '+', '-', '#':
			kind = true
			fallthrough
		case '~':
			p.approx = true
			p.at++
			p.number()
		case ',', ' ':
			p.at++
		default:
			return kind
		}
	}
	return kind
}

// costs reads over an equation and tells whether it gives a cost.
func (p *parser) costs() (given bool, err error) {
	for p.at+1 < len(p.re) {
		switch c := p.re[p.at]; {
		case c == '+', c == ' ':
			p.at++
		case c == '<':
			p.approx = true
			p.at++
			for p.is(0, ' ') {
				p.at++
			}
			p.number()
		case c == ',':
			p.at++
			return given, nil
		case isDigit(c):
			p.number()
			if !p.is(0, 'i') && !p.is(0, 'd') && !p.is(0, 's') {
				return false, errBound
			}
			p.at++
			p.approx, given = true, true
		default:
			return given, nil
		}
	}
	return given, nil
}
