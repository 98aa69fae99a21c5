package core

import (
	"math"

	"github.com/redlet/redlet/core/internal/rdb"
	"github.com/redlet/redlet/core/internal/vector"
)

// A vector set is of a module in Redis: it is a type as others are here, but for what clients see
// of it (the names of its commands, COPY that refuses it) and how a file holds it.

var vectorOps = kindOps{
	name:     vectorModule,
	encoding: func(*object) string { return "raw" },
	length:   func(o *object) int { return o.vectors().Len() },
	digest:   digestVectors,

	rdbType: func(*object) rdb.Type { return rdb.TypeModule2 },
	save:    saveVectors,
}

// vectorModule is the name of the module, and of its type.
const vectorModule = "vectorset"

// vectorType is how a file names the type.
var vectorType = Type{Name: vectorModule}

// vectorSet is the value of an object of that kind.
type vectorSet struct {
	*vector.Set
	uid uint64 // a number of its own: VINFO's vset-uid
}

func (o *object) vectors() *vectorSet { return o.body.(*vectorSet) }

//go:noinline
func (e *Engine) newVectors(s *vector.Set) *object {
	return &object{kind: kindVector, body: &vectorSet{s, e.numberVectorSet()}}
}

// digestVectors leaves out what depends on chance and on the order in which elements came.
func digestVectors(d *digest, o *object) {
	var all, part digest
	s := o.vectors()
	part.mix(decimal(int64(s.Len())))
	part.mix(decimal(int64(s.Dim)))
	all.xor(part[:])
	var raw []byte
	for n := s.Newest(); n != nil; n = n.Older() {
		raw = s.AppendRaw(raw[:0], n)
		part = digest{}
		part.mix(raw)
		part.mix([]byte(n.Name()))
		if attr := n.Attr(); attr != nil {
			part.mix(attr)
		}
		all.xor(part[:])
	}
	d.xor(all[:])
}

// The layout of a vector set in a file: numbers and strings, each with the opcode that says which.
//
//	the components of a vector, the number of elements, links << 8 | quantization, flags
//	with vectorProjected: the components before the projection, its factors
//	for each element, the newest first: its name; with vectorAttributes its attribute; its
//	components; how many numbers follow; its id, its level; for each layer from the lowest the links,
//	the most links, the ids that it is linked with; greatest component << 32 | length, as floats
const (
	moduleUnsigned = 2

	vectorProjected  = 1
	vectorAttributes = 2
)

func saveVectors(w *rdb.Writer, o *object) {
	s := o.vectors()
	w.Length(vectorType.id())
	saveNumber(w, uint64(s.Dim))
	saveNumber(w, uint64(s.Len()))
	saveNumber(w, uint64(s.M)<<8|uint64(s.Quant))
	flags := uint64(0)
	if s.Input > 0 {
		flags |= vectorProjected
	}
	if s.Attributes() > 0 {
		flags |= vectorAttributes
	}
	saveNumber(w, flags)
	if s.Input > 0 {
		saveNumber(w, uint64(s.Input))
		saveText(w, s.AppendMatrix(nil))
	}
	var raw []byte
	for n := s.Newest(); n != nil; n = n.Older() {
		saveText(w, []byte(n.Name()))
		if s.Attributes() > 0 {
			saveText(w, n.Attr())
		}
		raw = s.AppendRaw(raw[:0], n)
		saveText(w, raw)
		saveNode(w, n)
	}
	w.Length(moduleEnd)
}

// saveNode writes the numbers of a node.
func saveNode(w *rdb.Writer, n *vector.Node) {
	count := 3
	for l := range n.Level() + 1 {
		links, _ := n.LinksLen(l)
		count += 2 + links
	}
	saveNumber(w, uint64(count))
	saveNumber(w, n.ID())
	saveNumber(w, uint64(n.Level()))
	for l := range n.Level() + 1 {
		links, most := n.LinksLen(l)
		saveNumber(w, uint64(links))
		saveNumber(w, uint64(most))
		for i := range links {
			saveNumber(w, n.Link(l, i).ID())
		}
	}
	saveNumber(w, uint64(math.Float32bits(n.Scale()))<<32|uint64(math.Float32bits(n.Norm())))
}

func saveNumber(w *rdb.Writer, n uint64) {
	w.Length(moduleUnsigned)
	w.Length(n)
}

func saveText(w *rdb.Writer, s []byte) {
	w.Length(moduleString)
	w.String(s)
}

// vectorLoader reads a vector set from a file; what goes wrong first stays in err.
type vectorLoader struct {
	r   *rdb.Reader
	at  int // where the value begins
	err error
}

//go:noinline
func (l *vectorLoader) fail(reason string) {
	if l.err == nil {
		l.err = l.r.Fail(l.at, reason)
	}
}

// part reads the opcode of the next part.
func (l *vectorLoader) part(opcode uint64) {
	if l.err != nil {
		return
	}
	n, err := l.r.Length()
	if l.err = err; err == nil && n != opcode {
		l.fail("a vector set has another part than it must have there")
	}
}

func (l *vectorLoader) number() (n uint64) {
	l.part(moduleUnsigned)
	if l.err == nil {
		n, l.err = l.r.Length()
	}
	return n
}

func (l *vectorLoader) text() (s []byte) {
	l.part(moduleString)
	if l.err == nil {
		s, l.err = l.r.String()
	}
	return s
}

// bounded is a number that must not be greater than most.
func (l *vectorLoader) bounded(most uint64) int {
	n := l.number()
	if n > most {
		l.fail("a vector set has a number in it that is too great")
		return 0
	}
	return int(n)
}

// loadVectors reads a vector set behind the name of its type.
func loadVectors(e *Engine, r *rdb.Reader, at int) (*object, error) {
	l := &vectorLoader{r: r, at: at}
	c := vector.Config{Seed: e.dbs[0].keys.Seed()}
	c.Dim = l.bounded(math.MaxInt32)
	n := l.number()
	config := l.number()
	c.Quant, c.M = vector.Quant(config&0xff), int(config>>8&0xffff)
	flags := l.number()
	var matrix []byte
	if flags&vectorProjected != 0 {
		c.Input = l.bounded(math.MaxInt32)
		matrix = l.text()
		if c.Input == 0 {
			l.fail("a vector set has a projection of nothing")
		}
	}
	if c.M < vector.MMin {
		c.M = vector.MDefault
	}
	c.M = min(c.M, vector.MMax)
	if c.Dim == 0 || c.Quant > vector.Bin {
		l.fail("a vector set cannot be as its head says")
	}
	if l.err != nil {
		return nil, l.err
	}
	into, err := vector.NewLoader(c, matrix)
	for ; n > 0 && err == nil && l.err == nil; n-- {
		if node := l.node(flags&vectorAttributes != 0); l.err == nil {
			err = into.Add(node)
		}
	}
	l.part(moduleEnd)
	var s *vector.Set
	if err == nil && l.err == nil {
		s, err = into.End()
	}
	if err != nil {
		l.fail(err.Error())
	}
	if l.err != nil || s.Len() == 0 {
		return nil, l.err
	}
	return e.newVectors(s), nil
}

func (l *vectorLoader) node(attribute bool) *vector.Saved {
	var n vector.Saved
	n.Name = l.text()
	if attribute {
		n.Attr = l.text()
	}
	n.Raw = l.text()
	count := l.number()
	n.ID = l.number()
	level := l.bounded(vector.Levels - 1)
	used := uint64(3)
	for range level + 1 {
		if l.err != nil {
			break
		}
		links := l.number()
		most := l.bounded(math.MaxInt32)
		if used += 2 + links; used > count {
			l.fail("a vector set has more links than it says")
			break
		}
		layer := vector.SavedLayer{Most: most}
		for ; links > 0 && l.err == nil; links-- {
			layer.Links = append(layer.Links, l.number())
		}
		n.Layers = append(n.Layers, layer)
	}
	floats := l.number()
	n.Norm = math.Float32frombits(uint32(floats))
	n.Scale = math.Float32frombits(uint32(floats >> 32))
	if used != count {
		l.fail("a vector set has other links than it says")
	}
	return &n
}
