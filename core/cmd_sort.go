package core

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/redlet/redlet/core/internal/numfmt"
	"github.com/redlet/redlet/core/internal/pqsort"
	"github.com/redlet/redlet/core/internal/slots"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/core/internal/syntax"
)

var sortCommands = []Command{
	{
		Name: "sort", Since: "1.0", Group: "generic",
		Flags: Write | DenyOOM,
		Cats:  CatSet | CatSortedSet | CatList | CatDangerous,
		Syntax: "key [BY by-pattern\"pattern\":pattern@1] [LIMIT {offset:int count:int}] " +
			"[GET get-pattern\"pattern\":pattern@1+...] [order:(ASC|DESC)] [sorting:ALPHA] " +
			"[STORE destination:key@2]",
		Keys: `1 RO access; ? RO access "BY and GET: which keys, the elements decide"; ` +
			`? OW update "STORE, which may stand anywhere"`,
		Summary:    "Sorts the elements of a list, set or sorted set, and may store them as a list.",
		Complexity: "O(N+M*log(M)) for N elements of which M are given",
		Run:        cmdSort,
		Line:       &Line{Keys: sortKeys},
	},
	{
		Name: "sort_ro", Since: "7.0", Group: "generic",
		Flags: ReadOnly,
		Cats:  CatSet | CatSortedSet | CatList | CatDangerous,
		Syntax: "key [BY by-pattern\"pattern\":pattern@1] [LIMIT {offset:int count:int}] " +
			"[GET get-pattern\"pattern\":pattern@1+...] [order:(ASC|DESC)] [sorting:ALPHA]",
		Keys:       `1 RO access; ? RO access "BY and GET: which keys, the elements decide"`,
		Summary:    "Sorts the elements of a list, set or sorted set.",
		Complexity: "O(N+M*log(M)) for N elements of which M are given",
		Run:        cmdSortRO,
	},
}

const errSortScore = "ERR One or more scores can't be converted into double"

// sortKeys adds the key that STORE names.
func sortKeys(args [][]byte, keys []KeyAt) []KeyAt {
	store := 0
	for i := 2; i < len(args); i++ {
		switch {
		case is(args[i], "limit"):
			i += 2
		case is(args[i], "by"), is(args[i], "get"):
			i++
		case is(args[i], "store") && i+1 < len(args):
			store = i + 1
			i++
		}
	}
	if store > 0 {
		keys = append(keys, KeyAt{store, syntax.OW | syntax.Update})
	}
	return keys
}

func cmdSort(c *Call) { c.sort(true) }

func cmdSortRO(c *Call) { c.sort(false) }

// sortOptions are what SORT may be told beside its key.
type sortOptions struct {
	by            []byte
	get           [][]byte
	offset, count int64 // count is -1 for all
	desc, alpha   bool
	asIs          bool // BY a pattern without *: the elements stay as they are
	store         []byte
	stores        bool
}

// unreadable refuses an option that reads other keys, if the command's user may not read all.
func (c *Call) unreadable(option string) bool {
	if c.mayReadAll() {
		return false
	}
	c.Error("ERR " + option + " option of SORT denied due to insufficient ACL permissions.")
	return true
}

func (c *Call) sortOptions(mayStore bool) (opt sortOptions, ok bool) {
	opt.count = -1
	for i := 2; i < len(c.Args); i++ {
		rest := len(c.Args) - i - 1
		switch word := c.Args[i]; {
		case is(word, "asc"):
			opt.desc = false
		case is(word, "desc"):
			opt.desc = true
		case is(word, "alpha"):
			opt.alpha = true
		case is(word, "limit") && rest >= 2:
			if opt.offset, ok = c.ArgInt(i + 1); !ok {
				return opt, false
			}
			if opt.count, ok = c.ArgInt(i + 2); !ok {
				return opt, false
			}
			i += 2
		case is(word, "store") && mayStore && rest >= 1:
			i++
			opt.store, opt.stores = c.Args[i], true
		case is(word, "by") && rest >= 1:
			i++
			opt.by = c.Args[i]
			asIs := !bytes.Contains(opt.by, []byte{'*'})
			opt.asIs = opt.asIs || asIs
			if !asIs && (c.leavesSlot("BY", opt.by) || c.unreadable("BY")) {
				return opt, false
			}
		case is(word, "get") && rest >= 1:
			i++
			if !isSelf(c.Args[i]) && c.leavesSlot("GET", c.Args[i]) || c.unreadable("GET") {
				return opt, false
			}
			opt.get = append(opt.get, c.Args[i])
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
	}
	return opt, true
}

// leavesSlot refuses, in a cluster, a pattern that may name keys of other slots than that of the
// key that is sorted.
func (c *Call) leavesSlot(option string, pattern []byte) bool {
	if c.e.cluster == nil || slots.OfPattern(pattern) == slots.Of(c.Args[1]) {
		return false
	}
	c.Error("ERR " + option + " option of SORT denied in Cluster mode when keys formed by the " +
		"pattern may be in different slots.")
	return true
}

// isSelf tells whether a pattern of GET stands for the element itself.
func isSelf(pattern []byte) bool { return len(pattern) == 1 && pattern[0] == '#' }

// window returns which of n elements are asked for: those from start up to, not including, end.
func (opt *sortOptions) window(n int) (start, end int) {
	start = int(min(max(opt.offset, 0), int64(n)))
	end = n
	if opt.count >= 0 && opt.count < int64(n-start) {
		end = start + int(opt.count)
	}
	return start, end
}

func (c *Call) sort(mayStore bool) {
	opt, ok := c.sortOptions(mayStore)
	if !ok {
		return
	}
	items, ok := c.sortItems(c.Args[1])
	if !ok {
		return
	}
	if o := c.peek(c.Args[1]); opt.asIs && o != nil && o.ops().unordered {
		opt.asIsUnordered(c)
	}
	start, end := opt.window(len(items))
	order := small.Places(len(items))
	switch {
	case !opt.asIs:
		if !c.sortKeys(items, &opt) {
			c.Error(errSortScore)
			return
		}
		c.sortOrder(order, items, &opt, end, opt.by != nil && end-start < len(items))
	case opt.desc:
		slices.Reverse(order)
	}
	if !opt.stores && opt.get == nil {
		c.Array(end - start)
		for _, i := range order[start:end] {
			c.Bulk(items[i].element)
		}
		return
	}
	out := c.sortOutput(items, order[start:end], opt.get)
	if opt.stores {
		c.sortStore(opt.store, out)
		return
	}
	c.Array(len(out))
	for _, b := range out {
		if b == nil {
			c.Null()
		} else {
			c.Bulk(b)
		}
	}
}

// asIsUnordered corrects the options for a set that is not to be sorted: it has no other direction,
// and what is stored, or what a script sees, must not depend on the order of a hash table.
func (opt *sortOptions) asIsUnordered(c *Call) {
	if opt.stores || c.conn.has(connScript) {
		opt.asIs, opt.alpha, opt.by = false, true, nil
	} else {
		opt.desc = false
	}
}

// sortItem is an element with what it is sorted by.
type sortItem struct {
	element []byte
	by      []byte // with ALPHA; nil if there is no such key
	score   float64
}

// sortItemBytes is about what an item takes with a small element.
const sortItemBytes = 128

// sortItems returns the elements of the value at a key, none if there is no value, and false after
// replying an error.
func (c *Call) sortItems(key []byte) (items []sortItem, ok bool) {
	o := c.lookupRead(key)
	if o == nil {
		return nil, true
	}
	ops := o.ops()
	if ops.elements == nil {
		c.Error(ErrWrongType)
		return nil, false
	}
	if !c.roomFor(o.size() + int64(ops.length(o))*sortItemBytes) {
		return nil, false
	}
	items = make([]sortItem, 0, ops.length(o))
	ops.elements(c.e, o, func(element []byte) {
		items = append(items, sortItem{element: element})
	})
	return items, true
}

// sortKeys finds what each element is sorted by. It reports false if that is no number where it
// should be one. Of texts every byte counts where the outcome is stored; otherwise what stands
// behind a NUL does not, since Redis then compares by locale.
func (c *Call) sortKeys(items []sortItem, opt *sortOptions) bool {
	for i := range items {
		it := &items[i]
		by := it.element
		if opt.by != nil {
			by = c.lookupPattern(opt.by, it.element)
		}
		if opt.alpha {
			if it.by = by; !opt.stores {
				it.by = untilNUL(by)
			}
			continue
		}
		if by == nil {
			continue // counts as 0
		}
		var ok bool
		if it.score, ok = sortScore(by); !ok {
			return false
		}
	}
	return true
}

// sortOrder puts the numbers of elements in their order: these move, and not what holds pointers,
// of which a collector that is at work would have to know each move. Elements that compare as equal
// stay as they are; or, where part of what is sorted by patterns is wanted, come as Redis has them
// then.
func (c *Call) sortOrder(order []uint32, items []sortItem, opt *sortOptions, end int, part bool) {
	if !opt.alpha && !part {
		c.sortByScore(order, items, opt.desc)
		return
	}
	compared := 0
	compare := func(a, b uint32) int {
		c.e.yieldIn(compared)
		compared++
		return opt.compare(&items[a], &items[b])
	}
	if part {
		pqsort.First(order, end, compare)
		return
	}
	small.Order(order, func(a, b uint32) int {
		return cmp.Or(compare(a, b), cmp.Compare(a, b))
	})
}

// scoreSort sorts elements by their scores, and those of one score by their bytes. It is what most
// SORTs are, and takes a third of the time of a sort that is handed a function to compare with.
type scoreSort struct {
	items []sortItem
	desc  bool
}

// scored is the score and the number of an element. Where the least is to come last, by is negative
// for the positive and the other way round.
type scored struct {
	by float64
	i  uint32
}

// before tells whether an element is to come before another that is in front of it.
func (s *scoreSort) before(a, b *scored) bool {
	if a.by != b.by {
		return a.by < b.by
	}
	return s.beforeByBytes(a.i, b.i)
}

func (s *scoreSort) beforeByBytes(a, b uint32) bool {
	if s.desc {
		a, b = b, a
	}
	return bytes.Compare(s.items[a].element, s.items[b].element) < 0
}

// sortByScore is sortOrder for all elements by score. What is in order, or in the other one, stays,
// or is turned.
func (c *Call) sortByScore(order []uint32, items []sortItem, desc bool) {
	s, all := scoreSort{items, desc}, make([]scored, len(items))
	for i := range items {
		all[i] = scored{items[i].score, uint32(i)}
		if desc {
			all[i].by = -items[i].score
		}
	}
	if rises, falls := s.row(all); falls {
		slices.Reverse(all)
	} else if !rises {
		all = s.sort(all, c.e)
	}
	for i := range all {
		order[i] = all[i].i
	}
}

// row tells whether elements are in order, and whether each comes before the one in front of it.
func (s *scoreSort) row(all []scored) (rises, falls bool) {
	rises, falls = true, true
	for i := 1; i < len(all) && (rises || falls); i++ {
		if s.before(&all[i], &all[i-1]) {
			rises = false
		} else {
			falls = false
		}
	}
	return rises, falls
}

// sort sorts short runs, and then merges them, in place or in a new slice.
func (s *scoreSort) sort(all []scored, e *Engine) []scored {
	const run = 16
	for from := 0; from < len(all); from += run {
		s.insert(all[from:min(from+run, len(all))])
	}
	if len(all) <= run {
		return all
	}
	spare, merged := make([]scored, len(all)), 0
	for width := run; width < len(all); width *= 2 {
		for from := 0; from < len(all); from += 2 * width {
			middle, end := min(from+width, len(all)), min(from+2*width, len(all))
			s.merge(spare[from:end], all[from:middle], all[middle:end])
			e.yieldIn(merged)
			merged++
		}
		all, spare = spare, all
	}
	return all
}

// insert sorts a few.
func (s *scoreSort) insert(run []scored) {
	for i := 1; i < len(run); i++ {
		it := run[i]
		j := i
		for ; j > 0 && s.before(&it, &run[j-1]); j-- {
			run[j] = run[j-1]
		}
		run[j] = it
	}
}

// merge puts two parts that are sorted into dst, each as a whole if all of it comes first.
func (s *scoreSort) merge(dst, a, b []scored) {
	switch {
	case len(b) == 0 || !s.before(&b[0], &a[len(a)-1]):
		copy(dst[copy(dst, a):], b)
		return
	case s.before(&b[len(b)-1], &a[0]):
		copy(dst[copy(dst, b):], a)
		return
	}
	for len(a) > 0 && len(b) > 0 {
		if s.before(&b[0], &a[0]) {
			dst[0], b = b[0], b[1:]
		} else {
			dst[0], a = a[0], a[1:]
		}
		dst = dst[1:]
	}
	copy(dst[copy(dst, a):], b)
}

// compare orders two elements.
func (opt *sortOptions) compare(a, b *sortItem) int {
	order := 0
	switch {
	case !opt.alpha:
		if order = cmp.Compare(a.score, b.score); order == 0 {
			order = bytes.Compare(a.element, b.element)
		}
	case a.by == nil || b.by == nil:
		if a.by != nil {
			order = 1
		} else if b.by != nil {
			order = -1
		}
	default:
		order = bytes.Compare(a.by, b.by)
	}
	if opt.desc {
		return -order
	}
	return order
}

//go:noinline
func untilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// sortScore reads the number that an element is sorted by: decimal, without white space, of any
// size; what stands behind a NUL does not count, and nothing at all is 0.
func sortScore(b []byte) (float64, bool) {
	if f, ok := numfmt.Plain(b); ok {
		return f, true
	}
	b = untilNUL(b)
	if len(b) == 0 {
		return 0, true
	}
	for _, c := range b {
		if c == '_' || c == 'x' || c == 'X' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if f != f || err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// lookupPattern returns the value that a pattern of BY or GET names for an element: # is the
// element itself; otherwise the element takes the place of the first *, and what stands behind
// -> is the field of a hash. It is nil where there is no such value.
func (c *Call) lookupPattern(pattern, element []byte) []byte {
	if isSelf(pattern) {
		return element
	}
	star := bytes.IndexByte(pattern, '*')
	if star < 0 {
		return nil
	}
	tail, field := pattern[star+1:], []byte(nil)
	if arrow := bytes.Index(tail, []byte("->")); arrow >= 0 && arrow+2 < len(tail) {
		tail, field = tail[:arrow], tail[arrow+2:]
	}
	key := slices.Concat(pattern[:star], element, tail)
	o := c.lookupRead(key)
	if field != nil {
		return c.fieldOf(o, field)
	}
	return textOf(o)
}

// notNil makes an empty value one that is there.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// sortOutput returns the elements of an order, or what the patterns of GET name for each; nil is no
// value.
func (c *Call) sortOutput(items []sortItem, order []uint32, get [][]byte) [][]byte {
	out := make([][]byte, 0, len(order)*max(len(get), 1))
	for _, i := range order {
		if len(get) == 0 {
			out = append(out, notNil(items[i].element))
		}
		for _, pattern := range get {
			out = append(out, c.lookupPattern(pattern, items[i].element))
		}
	}
	return out
}

// sortStore stores the outcome as a list; none at all deletes the key.
func (c *Call) sortStore(key []byte, out [][]byte) {
	if len(out) == 0 {
		if c.peek(key) != nil {
			c.delete(key)
		}
		c.Int(0)
		return
	}
	o := c.e.newList()
	l := o.list()
	l.AsQuicklist()
	for _, b := range out {
		l.PushTail(b)
	}
	l.Settle()
	c.set(key, o)
	c.signalDirty(len(out), notifyList, "sortstore", key)
	c.Count(len(out))
}
