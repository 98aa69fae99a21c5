package core

import (
	"encoding/binary"
	"math"

	"github.com/redlet/redlet/core/internal/resp"
	"github.com/redlet/redlet/core/internal/vector"
	"github.com/redlet/redlet/core/internal/zset"
)

// The commands of vector sets are of a module in Redis, which knows neither how many words they
// take nor what they do with their keys: their arity is -1, they look at the number themselves, and
// their flags and those of their keys are those that the module has declared.

var vectorCommands = []Command{
	{
		Name: "vadd", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags: Write | DenyOOM | Module,
		Syntax: "key [REDUCE dim:int] vector:(FP32 blob|VALUES {num:int component:double...}) " +
			"element [CAS] [quantization:(NOQUANT|Q8|BIN)] [EF exploration-factor:int] " +
			"[SETATTR attributes] [M links:int]",
		Keys:       "1 RW access update",
		Summary:    "Adds an element with a vector to a vector set, or gives one another vector.",
		Complexity: "O(log(N)) for a vector set of N elements",
		Run:        cmdVadd,
	},
	{
		Name: "vrem", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      Write | Module,
		Syntax:     "key element",
		Keys:       "1 RW access update",
		Summary:    "Takes an element out of a vector set; with its last element the key goes too.",
		Complexity: "O(1)",
		Run:        cmdVrem,
	},
	{
		Name: "vsim", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags: ReadOnly | Module,
		Syntax: "key vector:(ELE element|FP32 blob|VALUES {num:int component:double...}) " +
			"[WITHSCORES] [WITHATTRIBS^8.2] [COUNT count:int] [EPSILON distance:double] " +
			"[EF exploration-factor:int] [FILTER expression] [FILTER-EF filtering-effort:int] " +
			"[TRUTH] [NOTHREAD]",
		Keys:       "1 RW access update",
		Summary:    "Finds the elements of a vector set that are most alike to a vector.",
		Complexity: "O(log(N)) for a vector set of N elements, O(N) with TRUTH",
		Run:        cmdVsim,
	},
	{
		Name: "vdim", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Fast | Module,
		Syntax:     "key",
		Keys:       "1 RW access update",
		Summary:    "Tells how many components the vectors of a vector set have.",
		Complexity: "O(1)",
		Run:        cmdVdim,
	},
	{
		Name: "vcard", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Fast | Module,
		Syntax:     "key",
		Keys:       "1 RW access update",
		Summary:    "Counts the elements of a vector set.",
		Complexity: "O(1)",
		Run:        cmdVcard,
	},
	{
		Name: "vemb", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Fast | Module,
		Syntax:     "key element [RAW]",
		Keys:       "1 RW access update",
		Summary:    "Gives the vector of an element of a vector set, or what is kept of it.",
		Complexity: "O(D) for D components",
		Run:        cmdVemb,
	},
	{
		Name: "vlinks", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Fast | Module,
		Syntax:     "key element [WITHSCORES]",
		Keys:       "1 RW access update",
		Summary:    "Tells which elements an element of a vector set is linked with in each layer.",
		Complexity: "O(1)",
		Run:        cmdVlinks,
	},
	{
		Name: "vinfo", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Fast | Module,
		Syntax:     "key",
		Keys:       "1 RW access update",
		Summary:    "Tells how a vector set is kept.",
		Complexity: "O(1)",
		Run:        cmdVinfo,
	},
	{
		Name: "vsetattr", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      Write | Fast | Module,
		Syntax:     "key element attributes",
		Keys:       "1 RW access update",
		Summary:    "Gives an element of a vector set its attributes, or with none takes them away.",
		Complexity: "O(1)",
		Run:        cmdVsetattr,
	},
	{
		Name: "vgetattr", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Fast | Module,
		Syntax:     "key element",
		Keys:       "1 RW access update",
		Summary:    "Gives the attributes of an element of a vector set.",
		Complexity: "O(1)",
		Run:        cmdVgetattr,
	},
	{
		Name: "vrandmember", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Module,
		Syntax:     "key [count:int]",
		Keys:       "1 RW access update",
		Summary:    "Gives elements of a vector set chosen at random.",
		Complexity: "O(N) for N elements returned",
		Run:        cmdVrandmember,
	},
	{
		Name: "vismember", Since: "8.0", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Module,
		Syntax:     "key element",
		Keys:       "1 RW access update",
		Summary:    "Tells whether a vector set has an element.",
		Complexity: "O(1)",
		Run:        cmdVismember,
	},
	{
		Name: "vrange", Since: "8.4", Group: "module " + vectorModule, Arity: -1,
		Flags:      ReadOnly | Module,
		Syntax:     "key start end [count:int]",
		Keys:       "1 RW access update",
		Summary:    "Gives the elements of a vector set in a range, in the order of their bytes.",
		Complexity: "O(N*log(N)) for a vector set of N elements",
		Run:        cmdVrange,
	},
}

const (
	errVectorSpec  = "ERR invalid vector specification"
	errNoVectorKey = "ERR key does not exist"

	// projectionMax bounds the factors of a projection, which a client asks for with few bytes.
	projectionMax = 1 << 26
)

// errDimension says that a vector has another number of components than those of a set.
func errDimension(got, has int) string {
	return "ERR Vector dimension mismatch - got " + itoa(got) + " but set has " +
		itoa(has)
}

// errProjected is errDimension for vectors that are projected.
func errProjected(got, expects int) string {
	return "ERR Input dimension mismatch for projection - got " + itoa(got) +
		" but projection expects " + itoa(expects)
}

// words checks the number of words, which may be anything from least to most.
func (c *Call) words(least, most int) bool {
	if len(c.Args) < least || len(c.Args) > most {
		c.Error(errArity(c.cmd))
		return false
	}
	return true
}

// vectorsOf returns the vector set at a key for reading: nil when there is none, and false when the
// key holds something else, once that is replied.
func (c *Call) vectorsOf(key []byte) (*vectorSet, bool) {
	return c.asVectors(c.lookupRead(key))
}

// vectorsToChange is vectorsOf for a command that may change the set. Who watches the key is told
// whether it does or not.
func (c *Call) vectorsToChange(key []byte) (*vectorSet, bool) {
	s, ok := c.asVectors(c.lookupWrite(key))
	return s, ok
}

func (c *Call) asVectors(o *object) (*vectorSet, bool) {
	if o == nil {
		return nil, true
	}
	if !c.ofKind(o, kindVector) {
		return nil, false
	}
	return o.vectors(), true
}

// vectorNode returns the node of an element of a vector set for reading; nil if there is none. It
// reports false once an error is replied.
func (c *Call) vectorNode(key, element []byte) (s *vectorSet, n *vector.Node, ok bool) {
	if s, ok = c.vectorsOf(key); s != nil {
		n = s.Find(element)
	}
	return s, n, ok
}

// argVector reads a vector from argument i on, and tells how many arguments it takes.
func (c *Call) argVector(i int) (x []float32, used int, ok bool) {
	if i+1 >= len(c.Args) {
		c.Error(errVectorSpec)
		return nil, 0, false
	}
	arg := c.Args[i+1]
	switch {
	case is(c.Args[i], "fp32") && len(arg) > 0 && len(arg)%4 == 0:
		x = make([]float32, len(arg)/4)
		for j := range x {
			x[j] = math.Float32frombits(binary.LittleEndian.Uint32(arg[4*j:]))
		}
		return x, 2, true
	case is(c.Args[i], "values"):
		n, isInt := resp.Int(arg)
		if !isInt || n <= 0 || n > int64(len(c.Args)-i-2) {
			break
		}
		x = make([]float32, n)
		for j := range x {
			f, ok := c.argDouble(i+2+j, errVectorSpec)
			if !ok {
				return nil, 0, false
			}
			x[j] = float32(f)
		}
		return x, 2 + len(x), true
	}
	c.Error(errVectorSpec)
	return nil, 0, false
}

// vadd is what VADD is told.
type vadd struct {
	config  vector.Config
	x       []float32
	element []byte
	ef      int
	attr    []byte
	setAttr bool
}

// read reads the arguments.
func (v *vadd) read(c *Call) bool {
	i := 2
	reduce := int64(0)
	if is(c.Args[i], "reduce") {
		var ok bool
		reduce, ok = resp.Int(c.Args[i+1])
		if !ok || reduce <= 0 {
			c.Error(errVectorSpec)
			return false
		}
		i += 2
	}
	x, used, ok := c.argVector(i)
	if !ok {
		return false
	}
	if i += used; i >= len(c.Args) {
		c.Error(errArity(c.cmd))
		return false
	}
	v.x, v.element = x, c.Args[i]
	v.config.Dim = len(x)
	if reduced := int(uint32(reduce)); reduced > 0 { // so does Redis cut it off
		v.config.Dim, v.config.Input = reduced, len(x)
		if int64(reduced)*int64(len(x)) > projectionMax {
			c.Error(errVectorSpec)
			return false
		}
	}
	return v.options(c, i+1)
}

// options reads what follows the element.
func (v *vadd) options(c *Call, i int) bool {
	v.config.Quant, v.config.M, v.ef = vector.Q8, vector.MDefault, vector.EFDefault
	for ; i < len(c.Args); i++ {
		word, more := c.Args[i], i+1 < len(c.Args)
		var ok bool
		switch {
		case is(word, "cas"): // there is one thread
		case is(word, "noquant"):
			v.config.Quant = vector.None
		case is(word, "q8"):
			v.config.Quant = vector.Q8
		case is(word, "bin"):
			v.config.Quant = vector.Bin
		case is(word, "ef") && more:
			i++
			if v.ef, ok = c.argWithin(i, 1, vector.EFMax, "ERR invalid EF"); !ok {
				return false
			}
		case is(word, "m") && more:
			i++
			v.config.M, ok = c.argWithin(i, vector.MMin, vector.MMax, "ERR invalid M")
			if !ok {
				return false
			}
		case is(word, "setattr") && more:
			i++
			v.attr, v.setAttr = c.Args[i], true
		default:
			c.Error("ERR invalid option after element")
			return false
		}
	}
	return true
}

// argWithin is argRange for numbers that are small.
func (c *Call) argWithin(i, least, most int, text string) (int, bool) {
	n, ok := c.argRange(i, int64(least), int64(most), text)
	return int(n), ok
}

// refused says why a vector does not go into a set that is there, "" if it does.
func (v *vadd) refused(s *vectorSet) string {
	switch {
	case v.config.Quant != s.Quant:
		return "ERR asked quantization mismatch with existing vector set"
	case v.config.M != s.M:
		return "ERR asked M value mismatch with existing vector set"
	case s.Input == 0 && len(v.x) != s.Dim, s.Input > 0 && v.config.Input == 0,
		s.Input > 0 && v.config.Dim != s.Dim:
		return errDimension(len(v.x), s.Dim)
	case s.Input == 0 && v.config.Input > 0:
		return "ERR cannot add projection to existing set without projection"
	case v.config.Input != s.Input:
		return errProjected(v.config.Input, s.Input)
	}
	return ""
}

func cmdVadd(c *Call) {
	if !c.words(5, math.MaxInt) {
		return
	}
	var v vadd
	if !v.read(c) {
		return
	}
	key := c.Args[1]
	s, ok := c.vectorsToChange(key)
	if !ok {
		c.signalOpened(0, key)
		return
	}
	if s == nil {
		v.config.Seed = c.e.dbs[0].keys.Seed()
		o := c.e.newVectors(vector.New(v.config))
		c.add(key, o)
		s = o.vectors()
	} else if why := v.refused(s); why != "" {
		c.signalOpened(0, key)
		c.Error(why)
		return
	}
	if s.Input > 0 {
		v.x = s.Project(v.x)
	}
	fresh := s.Add(v.element, v.x, v.ef, &c.e.random)
	switch {
	case v.setAttr && len(v.attr) == 0 && !fresh:
		s.SetAttr(s.Find(v.element), nil)
	case v.setAttr: // a new element has an empty one too
		s.SetAttr(s.Find(v.element), v.attr)
	}
	c.signalOpened(1, key)
	c.Bool(fresh)
}

func cmdVrem(c *Call) {
	if !c.words(3, 3) {
		return
	}
	key := c.Args[1]
	s, ok := c.vectorsToChange(key)
	gone := 0
	if s != nil && s.Remove(c.Args[2]) {
		gone = 1
	}
	c.signalOpened(gone, key)
	if !ok {
		return
	}
	if gone > 0 && s.Len() == 0 {
		c.remove(key)
	}
	c.Bool(gone > 0)
}

func cmdVdim(c *Call) {
	if !c.words(2, 2) {
		return
	}
	s, ok := c.vectorsOf(c.Args[1])
	switch {
	case !ok:
	case s == nil:
		c.Error(errNoVectorKey)
	default:
		c.Count(s.Dim)
	}
}

func cmdVcard(c *Call) {
	if !c.words(2, 2) {
		return
	}
	s, ok := c.vectorsOf(c.Args[1])
	switch {
	case !ok:
	case s == nil:
		c.Int(0)
	default:
		c.Count(s.Len())
	}
}

func cmdVemb(c *Call) {
	if !c.words(3, math.MaxInt) {
		return
	}
	for _, word := range c.Args[3:] {
		if !is(word, "raw") {
			c.Error("ERR invalid option")
			return
		}
	}
	s, n, ok := c.vectorNode(c.Args[1], c.Args[2])
	switch {
	case !ok:
	case n == nil:
		c.Null()
	case len(c.Args) > 3:
		c.rawVector(s, n)
	default:
		x := s.Values(make([]float32, 0, s.Dim), n)
		c.Array(len(x))
		for _, f := range x {
			c.Double(float64(f))
		}
	}
}

// rawVector writes what is kept of a vector.
func (c *Call) rawVector(s *vectorSet, n *vector.Node) {
	if s.Quant == vector.Q8 {
		c.Array(4)
	} else {
		c.Array(3)
	}
	c.Status(s.Quant.String())
	c.Bulk(s.AppendRaw(nil, n))
	c.Double(float64(n.Norm()))
	if s.Quant == vector.Q8 {
		c.Double(float64(n.Scale()))
	}
}

func cmdVlinks(c *Call) {
	if !c.words(3, 4) {
		return
	}
	scores := len(c.Args) > 3
	if scores && !is(c.Args[3], "withscores") {
		c.Error(errArity(c.cmd))
		return
	}
	s, n, ok := c.vectorNode(c.Args[1], c.Args[2])
	if !ok {
		return
	}
	if n == nil {
		c.Null()
		return
	}
	c.Array(n.Level() + 1)
	for l := n.Level(); l >= 0; l-- {
		links, _ := n.LinksLen(l)
		if scores {
			c.Map(links)
		} else {
			c.Array(links)
		}
		for i := range links {
			to := n.Link(l, i)
			c.BulkString(to.Name())
			if scores { // here Redis reckons with 32 bits
				c.Double(float64(1 - s.Distance(&n.Vector, &to.Vector)/2))
			}
		}
	}
}

func cmdVinfo(c *Call) {
	if !c.words(2, 2) {
		return
	}
	s, ok := c.vectorsOf(c.Args[1])
	if !ok {
		return
	}
	if s == nil {
		c.NullArray()
		return
	}
	c.Map(9)
	c.Status("quant-type")
	c.Status(s.Quant.String())
	for _, f := range [...]struct {
		name string
		n    int64
	}{
		{"hnsw-m", int64(s.M)}, {"vector-dim", int64(s.Dim)},
		{"projection-input-dim", int64(s.Input)}, {"size", int64(s.Len())},
		{"max-level", int64(s.MaxLevel())}, {"attributes-count", int64(s.Attributes())},
		{"vset-uid", int64(s.uid)}, {"hnsw-max-node-uid", int64(s.MaxID())},
	} {
		c.Status(f.name)
		c.Int(f.n)
	}
}

func cmdVsetattr(c *Call) {
	if !c.words(4, 4) {
		return
	}
	key := c.Args[1]
	s, ok := c.vectorsToChange(key)
	set := 0
	if s != nil {
		if n := s.Find(c.Args[2]); n != nil {
			attr := c.Args[3]
			if len(attr) == 0 {
				attr = nil
			}
			s.SetAttr(n, attr)
			set = 1
		}
	}
	c.signalOpened(set, key)
	if ok {
		c.Bool(set > 0)
	}
}

func cmdVgetattr(c *Call) {
	if !c.words(3, 3) {
		return
	}
	_, n, ok := c.vectorNode(c.Args[1], c.Args[2])
	if ok {
		c.attributes(n)
	}
}

// attributes writes those of a node, which may be nil.
func (c *Call) attributes(n *vector.Node) {
	if n == nil || n.Attr() == nil {
		c.Null()
	} else {
		c.Bulk(n.Attr())
	}
}

func cmdVismember(c *Call) {
	if !c.words(3, 3) {
		return
	}
	if _, n, ok := c.vectorNode(c.Args[1], c.Args[2]); ok {
		c.Bool(n != nil)
	}
}

// cmdVrandmember gives different elements for a count from 0 up, and with a negative one draws so
// often, which may give one again.
func cmdVrandmember(c *Call) {
	if !c.words(2, 3) {
		return
	}
	several, count := len(c.Args) > 2, int64(1)
	if several {
		var ok bool
		if count, ok = c.argIntOr(2, "ERR COUNT value is not an integer"); !ok {
			return
		}
	}
	s, ok := c.vectorsOf(c.Args[1])
	switch {
	case !ok:
	case s == nil && several, count == 0:
		c.Array(0)
	case s == nil:
		c.Null()
	case !several:
		c.BulkString(s.At(c.e.random.Below(s.Len())).Name())
	case !c.mayRepeat(count):
		c.Error(ErrOutOfRange)
	case count < 0:
		c.Array(int(-count))
		for range -count {
			if c.Overflowed() {
				break
			}
			c.BulkString(s.At(c.e.random.Below(s.Len())).Name())
		}
	default:
		c.sampleVectors(s, int(min(count, int64(s.Len()))))
	}
}

// sampleVectors writes n different elements: for the i-th place one of those from i on, whatever
// stands there then.
func (c *Call) sampleVectors(s *vectorSet, n int) {
	c.Array(n)
	moved := map[int]int{} // what stands at places where another element was taken
	at := func(i int) int {
		if j, ok := moved[i]; ok {
			return j
		}
		return i
	}
	for i := range n {
		j := i + c.e.random.Below(s.Len()-i)
		c.BulkString(s.At(at(j)).Name())
		moved[j] = at(i)
	}
}

func cmdVrange(c *Call) {
	if !c.words(4, 5) {
		return
	}
	var lex zset.LexRange
	var ok, ok2 bool
	lex.Min, ok = lexBound(c.Args[2])
	lex.Max, ok2 = lexBound(c.Args[3])
	if !ok || !ok2 {
		c.Error(errLexRange)
		return
	}
	count := int64(-1)
	if len(c.Args) > 4 {
		if count, ok = c.ArgInt(4); !ok {
			return
		}
	}
	s, ok := c.vectorsOf(c.Args[1])
	if !ok {
		return
	}
	var found []string
	if s != nil {
		names := s.Names()
		start, end := lex.Span(names)
		found = names[start:end]
	}
	if count >= 0 {
		found = found[:min(count, int64(len(found)))]
	}
	c.Array(len(found))
	for _, name := range found {
		c.BulkString(name)
	}
}
