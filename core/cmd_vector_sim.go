package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/filter"
	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/vector"
)

// vsim is what VSIM is told.
type vsim struct {
	_ [0]func() // not compared

	scores, attributes, truth bool
	count, ef, filterEF       int
	epsilon                   float64 // no element is further
	filter                    *filter.Program
}

const (
	vsimCount = 10
	vsimEF    = 100
	// vsimFilterEF is how many elements for each that is asked for may be looked at by a filter.
	vsimFilterEF = 100
)

// read reads the options, from argument i on.
func (v *vsim) read(c *Call, i int) bool {
	*v = vsim{count: vsimCount, ef: vsimEF, epsilon: math.Inf(1)}
	for ; i < len(c.Args); i++ {
		word, more := c.Args[i], i+1 < len(c.Args)
		ok := true
		switch {
		case is(word, "withscores"):
			v.scores = true
		case is(word, "withattribs"):
			v.attributes = true
		case is(word, "truth"):
			v.truth = true
		case is(word, "nothread"): // there is one
		case is(word, "count") && more:
			i++
			v.count, ok = c.argPlus(i, "ERR invalid COUNT")
		case is(word, "ef") && more:
			i++
			v.ef, ok = c.argPlus(i, "ERR invalid EF")
		case is(word, "filter-ef") && more:
			i++
			v.filterEF, ok = c.argPlus(i, "ERR invalid FILTER-EF")
		case is(word, "epsilon") && more:
			i++
			v.epsilon, ok = c.argDouble(i, "ERR invalid EPSILON")
			if ok && v.epsilon <= 0 {
				c.Error("ERR invalid EPSILON")
				ok = false
			}
		case is(word, "filter") && more:
			i++
			ok = v.compile(c, c.Args[i])
		default:
			c.Error("ERR syntax error in VSIM command")
			ok = false
		}
		if !ok {
			return false
		}
	}
	return true
}

// argPlus reads argument i as a number above 0; what no int can hold is its greatest.
func (c *Call) argPlus(i int, text string) (int, bool) {
	n, ok := resp.Int(c.Args[i])
	if !ok || n <= 0 {
		c.Error(text)
		return 0, false
	}
	return clampInt(n), true
}

func (v *vsim) compile(c *Call, expr []byte) bool {
	program, near, ok := filter.Compile(expr)
	if !ok {
		c.Error("ERR syntax error in FILTER expression near: " + string(near))
	}
	v.filter = program
	return ok
}

func cmdVsim(c *Call) {
	if !c.words(4, math.MaxInt) {
		return
	}
	s, ok := c.vectorsOf(c.Args[1])
	if !ok {
		return
	}
	if s == nil { // nothing else is looked at
		c.Array(0)
		return
	}
	x, used, ok := c.vsimVector(s)
	if !ok {
		return
	}
	var v vsim
	if !v.read(c, 2+used) {
		return
	}
	query, _ := s.Make(x)
	c.vsimReply(&v, v.search(s, &query))
}

// vsimVector is the vector that a set is searched for, as the set's own are before they are
// normalized, and how many arguments name it.
func (c *Call) vsimVector(s *vectorSet) (x []float32, used int, ok bool) {
	if is(c.Args[2], "ele") {
		n := s.Find(c.Args[3])
		if n == nil {
			c.Error("ERR element not found in set")
			return nil, 0, false
		}
		return s.Values(make([]float32, 0, s.Dim), n), 2, true
	}
	x, used, ok = c.argVector(2)
	switch {
	case !ok, len(x) == s.Dim:
	case s.Input == 0:
		c.Error(errDimension(len(x), s.Dim))
		ok = false
	case len(x) == s.Input:
		x = s.Project(x)
	default:
		c.Error(errProjected(len(x), s.Input))
		ok = false
	}
	return x, used, ok
}

// search finds the elements that are asked for, the most alike first.
func (v *vsim) search(s *vectorSet, query *vector.Vector) []vector.Found {
	var accept func(*vector.Node) bool
	if v.filter != nil {
		accept = func(n *vector.Node) bool { return n.Attr() != nil && v.filter.Match(n.Attr()) }
	}
	count := min(v.count, s.Len())
	var found []vector.Found
	if v.truth {
		found = s.All(query, max(count, v.ef), accept)
		found = found[:min(count, len(found))]
	} else {
		most := v.filterEF
		if most == 0 {
			most = count * vsimFilterEF
		}
		found = s.Search(query, count, v.ef, most, accept)
	}
	for i := range found {
		if float64(found[i].Distance) > v.epsilon {
			return found[:i]
		}
	}
	return found
}

func (c *Call) vsimReply(v *vsim, found []vector.Found) {
	switch both := v.scores && v.attributes; {
	case !v.scores && !v.attributes:
		c.Array(len(found))
	case both && !c.RESP3:
		c.Array(3 * len(found))
	default:
		c.Map(len(found))
	}
	for i := range found {
		f := &found[i]
		c.BulkString(f.Node.Name())
		if v.scores && v.attributes && c.RESP3 {
			c.Array(2)
		}
		if v.scores {
			c.Double(1 - float64(f.Distance)/2)
		}
		if v.attributes {
			c.attributes(f.Node)
		}
	}
}
