package core

var lcsCommands = []Command{
	{
		Name: "lcs", Since: "7.0", Group: "string",
		Flags: ReadOnly,
		Cats:  CatString,
		Syntax: "key1:key key2:key@0 [LEN] [IDX] [MINMATCHLEN min-match-len:int] " +
			"[WITHMATCHLEN]",
		Keys:       "1:1 RO access",
		Summary:    "Finds the longest common subsequence of two strings.",
		Complexity: "O(N*M) for strings of N and M bytes",
		Run:        cmdLcs,
	},
}

// lcsCellsMax bounds the table that LCS fills: 256 MB.
const lcsCellsMax = 1 << 26

// lcsOptions are what LCS may be told.
type lcsOptions struct {
	length, indexes, withLen bool
	least                    int64 // the shortest match that IDX shows
}

func (c *Call) lcsOptions() (opt lcsOptions, ok bool) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case is(c.Args[i], "idx"):
			opt.indexes = true
		case is(c.Args[i], "len"):
			opt.length = true
		case is(c.Args[i], "withmatchlen"):
			opt.withLen = true
		case is(c.Args[i], "minmatchlen") && i+1 < len(c.Args):
			i++
			if opt.least, ok = c.ArgInt(i); !ok {
				return opt, false
			}
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
	}
	if opt.indexes && opt.length {
		c.Error("ERR If you want both the length and indexes, please just use IDX.")
		return opt, false
	}
	return opt, true
}

func cmdLcs(c *Call) {
	x, y := c.lookupRead(c.Args[1]), c.lookupRead(c.Args[2])
	if x != nil && x.kind != kindString || y != nil && y.kind != kindString {
		c.Error("ERR The specified keys must contain string values")
		return
	}
	opt, ok := c.lcsOptions()
	if !ok {
		return
	}
	var a, b []byte
	var digitsA, digitsB [intLenMax]byte
	if x != nil {
		a = x.text(digitsA[:])
	}
	if y != nil {
		b = y.text(digitsB[:])
	}
	switch cells := int64(len(a)+1) * int64(len(b)+1); {
	case cells > c.e.cfg.protoMaxBulkLen/4: // to Redis a cell is four bytes
		c.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
		return
	case cells > lcsCellsMax:
		c.Error("ERR Insufficient memory, failed allocating transient memory for LCS")
		return
	}
	if !c.roomFor(4*int64(len(a)+1)*int64(len(b)+1) + int64(len(a))) {
		return
	}
	c.e.scripts.took(int64(len(a)) * int64(len(b)))
	t := newLCS(a, b)
	switch {
	case opt.length:
		c.Count(t.length())
	case opt.indexes:
		c.lcsMatches(t, opt)
	default:
		c.Bulk(t.text())
	}
}

// lcs is the table of the lengths of the longest common subsequences of all prefixes of a and b.
type lcs struct {
	a, b  []byte
	cells []uint32
}

func newLCS(a, b []byte) *lcs {
	t := &lcs{a, b, make([]uint32, (len(a)+1)*(len(b)+1))}
	w := len(b) + 1
	for i := range a {
		above, row := t.cells[i*w:(i+1)*w], t.cells[(i+1)*w:(i+2)*w]
		for j := range b {
			if a[i] == b[j] {
				row[j+1] = above[j] + 1
			} else {
				row[j+1] = max(above[j+1], row[j])
			}
		}
	}
	return t
}

func (t *lcs) at(i, j int) uint32 { return t.cells[i*(len(t.b)+1)+j] }

func (t *lcs) length() int { return int(t.at(len(t.a), len(t.b))) }

// back walks from the ends of both strings to their beginnings and visits every pair of indexes
// of the subsequence.
func (t *lcs) back(visit func(i, j int)) {
	i, j := len(t.a), len(t.b)
	for i > 0 && j > 0 {
		switch {
		case t.a[i-1] == t.b[j-1]:
			i--
			j--
			visit(i, j)
		case t.at(i-1, j) > t.at(i, j-1):
			i--
		default:
			j--
		}
	}
}

func (t *lcs) text() []byte {
	out := make([]byte, t.length())
	n := len(out)
	t.back(func(i, _ int) {
		n--
		out[n] = t.a[i]
	})
	return out
}

// match is a run that the subsequence takes from both strings: first indexes and length.
type match struct{ a, b, n int }

// matches lists the runs, the last first.
func (t *lcs) matches() []match {
	var out []match
	t.back(func(i, j int) {
		if n := len(out); n > 0 && out[n-1].a == i+1 && out[n-1].b == j+1 {
			out[n-1] = match{i, j, out[n-1].n + 1}
			return
		}
		out = append(out, match{i, j, 1})
	})
	return out
}

func (c *Call) lcsMatches(t *lcs, opt lcsOptions) {
	c.Map(2)
	c.BulkString("matches")
	at, n := c.ArrayLater(), 0
	for _, m := range t.matches() {
		if int64(m.n) < opt.least {
			continue
		}
		n++
		if opt.withLen {
			c.Array(3)
		} else {
			c.Array(2)
		}
		for _, first := range [2]int{m.a, m.b} {
			c.Array(2)
			c.Count(first)
			c.Count(first + m.n - 1)
		}
		if opt.withLen {
			c.Count(m.n)
		}
	}
	c.ArrayEnd(at, '*', n)
	c.BulkString("len")
	c.Count(t.length())
}
