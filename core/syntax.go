package core

// This file reads the two one-line notations in which commands are declared.
//
// # Syntax
//
// Command.Syntax lists a command's arguments much as the documentation of Redis prints them:
//
//	key value [condition:(NX|XX)] [GET^6.2] [expiration:(EX seconds:int|KEEPTTL)]
//
//	name            a value of the type string; an argument called key is a key
//	name:type       int, double, key, pattern, time, string
//	name"shown"     a value whose display_text differs from its name
//	name:key@1      a key of key spec 1; without @ the specs are counted off in order
//	TOKEN           a word that stands for itself, named after itself in lower case
//	name:TOKEN      the same with another name; =, ~, $, * and "" are tokens too
//	TOKEN name      a value announced by a token
//	name:(a|b)      one of several
//	name:{a b}      several that belong together
//	TOKEN {a b}     the same announced by a token, after which it is named
//	[a]             a may be left out
//	a...            a may come several times; a+... repeats its token each time
//	a^6.2           since 6.2.0
//	a!6.2           deprecated since 6.2.0
//
// A version of two numbers stands for its first patch, 6.2 for 6.2.0. Arity derives from this
// line; where Redis disagrees with its own documentation, Command.Arity says so.
//
// # Keys
//
// Command.Keys lists key specs, separated by "; ". Each says where the keys begin, how they go on,
// and what is done with them, and may end with a note in double quotes:
//
//	1 RO access                 the argument 1
//	1:-1 RO access              from argument 1 to the last: range, by its last key
//	1:-1:2 OW update            every second one: its last key, step
//	STREAMS@4:-1:1:2 RO access  after the word STREAMS, sought from argument 4 on: also its limit
//	2# RO access                argument 2 tells how many keys follow
//	2#0:1:2 RO access           the same: index of the number, of the first key, step
//	? OW update                 where they are cannot be said

// argument is one node of a parsed Syntax.
type argument struct {
	name       string
	display    string // "" in groups
	token      string
	since      string
	deprecated string
	kind       argumentKind
	spec       int // index of its key spec, -1 without
	optional   bool
	multiple   bool
	repeats    bool // its token comes with each of several
	hasToken   bool // token may be the empty word
	args       []argument
}

type argumentKind uint8

const (
	argString argumentKind = iota
	argInteger
	argDouble
	argKey
	argPattern
	argTime
	argToken
	argOneOf
	argBlock
)

// argumentKinds are the names of the kinds in COMMAND DOCS.
var argumentKinds = [...]string{
	"string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block",
}

// syntaxParser reads a Syntax. Syntaxes are part of the program and checked by a test: what is
// malformed is read somehow.
type syntaxParser struct {
	s     string
	i     int
	specs int // the key spec that the next key belongs to
}

// parseSyntax returns the arguments of a Syntax.
func parseSyntax(s string) []argument {
	p := syntaxParser{s: s}
	return p.list(0)
}

// list reads arguments up to a closing bracket, or to the end when that is 0.
func (p *syntaxParser) list(closing byte) []argument {
	var args []argument
	for p.i < len(p.s) {
		switch c := p.s[p.i]; c {
		case ' ', '|':
			p.i++
		case closing:
			p.i++
			return args
		default:
			args = append(args, p.element())
		}
	}
	return args
}

func (p *syntaxParser) element() argument {
	if p.peek() == '[' {
		p.i++
		a := p.element()
		a.optional = true
		p.i++ // ]
		return a
	}
	a := argument{spec: -1}
	if c := p.peek(); 'A' <= c && c <= 'Z' {
		token := p.word("^!. |[](){}")
		if p.announces() {
			p.i++
			a = p.element()
			if a.name == "" {
				a.name = lowerString(token)
			}
			a.token, a.hasToken = token, true
			return a
		}
		a.name, a.display = lowerString(token), lowerString(token)
		a.token, a.hasToken, a.kind = token, true, argToken
		p.suffix(&a)
		return a
	}
	if c := p.peek(); c != '(' && c != '{' { // a group behind its token is named after that
		a.name = p.word(`":@^!. |[](){}`)
	}
	p.named(&a)
	p.suffix(&a)
	return a
}

// named reads what follows an argument's name.
func (p *syntaxParser) named(a *argument) {
	a.display = a.name
	if p.peek() == '"' {
		p.i++
		a.display = p.word(`"`)
		p.i++
	}
	if a.name == "key" {
		a.kind = argKey
	}
	if p.peek() == ':' {
		p.i++
	} else if c := p.peek(); c != '(' && c != '{' {
		p.keySpec(a)
		return
	}
	switch c := p.peek(); {
	case c == '(':
		p.i++
		a.kind, a.display = argOneOf, ""
		a.args = p.list(')')
	case c == '{':
		p.i++
		a.kind, a.display = argBlock, ""
		a.args = p.list('}')
	case 'a' <= c && c <= 'z':
		a.kind = argumentKindOf(p.word("@^!+. |[](){}"))
		p.keySpec(a)
	default:
		a.kind, a.hasToken = argToken, true
		if a.token = p.word("^! |[](){}"); a.token == `""` {
			a.token = ""
		}
	}
}

// keySpec reads or counts off the key spec of a key.
func (p *syntaxParser) keySpec(a *argument) {
	if p.peek() == '@' {
		p.i++
		a.spec = int(p.peek() - '0')
		p.i++
	} else if a.kind == argKey {
		a.spec = p.specs
	}
	if a.kind == argKey {
		p.specs = a.spec + 1
	}
}

// suffix reads versions and dots.
func (p *syntaxParser) suffix(a *argument) {
	for {
		switch p.peek() {
		case '^':
			p.i++
			a.since = p.version()
		case '!':
			p.i++
			a.deprecated = p.version()
		case '+':
			p.i++
			a.repeats = true
		case '.':
			p.i += len("...")
			a.multiple = true
		default:
			return
		}
	}
}

// version reads digits with single dots between them.
func (p *syntaxParser) version() string {
	p.i = min(p.i, len(p.s))
	start := p.i
	for p.i < len(p.s) {
		c := p.s[p.i]
		digit := '0' <= c && c <= '9'
		next := p.i+1 < len(p.s) && '0' <= p.s[p.i+1] && p.s[p.i+1] <= '9'
		if !digit && (c != '.' || !next) {
			break
		}
		p.i++
	}
	return fullVersion(p.s[start:p.i])
}

// announces tells whether the token just read belongs to a value that follows.
func (p *syntaxParser) announces() bool {
	if p.peek() != ' ' || p.i+1 >= len(p.s) {
		return false
	}
	c := p.s[p.i+1]
	return 'a' <= c && c <= 'z' && !p.namesToken() || c == '(' || c == '{'
}

// namesToken tells whether the next word is of the form name:TOKEN.
func (p *syntaxParser) namesToken() bool {
	for i := p.i + 1; i+1 < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == ':':
			next := p.s[i+1]
			return !('a' <= next && next <= 'z') && next != '(' && next != '{'
		case c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9'):
			return false
		}
	}
	return false
}

func (p *syntaxParser) peek() byte {
	if p.i >= len(p.s) {
		return 0
	}
	return p.s[p.i]
}

// word reads up to any of the delimiters, and at least one byte.
func (p *syntaxParser) word(delimiters string) string {
	p.i = min(p.i, len(p.s))
	start := p.i
	for p.i < len(p.s) && (p.i == start || !hasByte(delimiters, p.s[p.i])) {
		// A named token may be the empty word, written "".
		p.i++
	}
	return p.s[start:p.i]
}

func hasByte(s string, c byte) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return true
		}
	}
	return false
}

func argumentKindOf(name string) argumentKind {
	switch name {
	case "int":
		return argInteger
	case "double":
		return argDouble
	case "key":
		return argKey
	case "pattern":
		return argPattern
	case "time":
		return argTime
	}
	return argString
}

// lowerString returns s with A to Z in lower case.
func lowerString(s string) string {
	return string(lower(make([]byte, 0, len(s)), []byte(s)))
}

// fullVersion completes a version of two numbers.
func fullVersion(v string) string {
	dots := 0
	for i := 0; i < len(v); i++ {
		if v[i] == '.' {
			dots++
		}
	}
	if dots == 1 {
		return v + ".0"
	}
	return v
}

// arityOf derives a command's arity as COMMAND INFO gives it: how many words the command line has,
// negative where there may be more.
func arityOf(cmd *Command, sub bool) int {
	if cmd.Arity != 0 {
		return cmd.Arity
	}
	n := 1
	if sub {
		n++
	}
	if len(cmd.Sub) > 0 {
		return -n - 1
	}
	c := arityCounter{s: cmd.Syntax}
	n += c.list(0)
	if c.more {
		return -n
	}
	return n
}

// arityCounter counts the words of a syntax that must be there, without building the tree: it runs
// for every command at the start of the program.
type arityCounter struct {
	s    string
	i    int
	more bool // some words are optional
}

func (c *arityCounter) list(closing byte) int {
	n := 0
	for c.i < len(c.s) {
		switch b := c.s[c.i]; b {
		case closing:
			c.i++
			return n
		case ' ':
			c.i++
		default:
			n += c.item()
		}
	}
	return n
}

// item counts a bracket or a word.
func (c *arityCounter) item() int {
	switch c.s[c.i] {
	case '[':
		c.i++
		c.list(']')
		c.more = true
		return 0
	case '(':
		c.i++
		return c.choice()
	case '{':
		c.i++
		return c.list('}')
	}
	start := c.i
	if hasByte("|])}", c.s[start]) { // stray
		c.i++
		return 0
	}
	group := false
	for c.i < len(c.s) && !hasByte(" |[](){}", c.s[c.i]) {
		if c.s[c.i] == '.' && c.i+1 < len(c.s) && c.s[c.i+1] == '.' {
			c.more = true
		}
		c.i++
	}
	if c.i < len(c.s) && (c.s[c.i] == '(' || c.s[c.i] == '{') {
		group = c.s[c.i-1] == ':'
	}
	// Versions and dots may stand behind a group.
	after := start > 0 && hasByte(")}]", c.s[start-1])
	if group || after {
		return 0
	}
	return 1
}

// choice counts the shortest of several alternatives.
func (c *arityCounter) choice() int {
	least, most, n := -1, 0, 0
	for c.i < len(c.s) {
		b := c.s[c.i]
		if b != '|' && b != ')' {
			if b == ' ' {
				c.i++
			} else {
				n += c.item()
			}
			continue
		}
		c.i++
		if least < 0 || n < least {
			least = n
		}
		most = max(most, n)
		n = 0
		if b == ')' {
			break
		}
	}
	if least != most {
		c.more = true
	}
	return max(least, 0)
}

// keySpec is one parsed key spec.
type keySpec struct {
	begin   keyBegin
	keyword string // begin == beginKeyword
	index   int    // of the first key; where the search for the keyword starts, from the end if < 0
	find    keyFind
	// a, b and c are for findRange the last key, the step and the limit; for findNumber the index
	// of the number, the first key and the step.
	a, b, c int
	flags   keyFlag
	note    string
}

type keyBegin uint8

const (
	beginIndex keyBegin = iota
	beginKeyword
	beginUnknown
)

type keyFind uint8

const (
	findRange keyFind = iota
	findNumber
	findUnknown
)

// keyFlag says what a command does with a key.
type keyFlag uint16

// The flags of key specs, in the order in which COMMAND INFO lists them.
const (
	keyRO keyFlag = 1 << iota
	keyRW
	keyOW
	keyRM
	keyAccess
	keyUpdate
	keyInsert
	keyDelete
	keyNotKey
	keyIncomplete
	keyVariable
)

var keyFlagNames = [...]string{
	"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete",
	"variable_flags",
}

// nextKeySpec walks through Command.Keys: it returns the first spec and what is left behind it.
func nextKeySpec(s string) (spec keySpec, rest string) {
	p := keyParser{s: s}
	p.where(&spec)
	for p.peek() == ' ' {
		p.i++
		if p.peek() == '"' {
			p.i++
			spec.note = p.until('"')
			p.i++
			break
		}
		word := p.word()
		for i, name := range keyFlagNames {
			if name == word {
				spec.flags |= 1 << i
			}
		}
	}
	return spec, s[min(p.i+len("; "), len(s)):]
}

// keyParser reads key specs; like syntaxParser it trusts the program.
type keyParser struct {
	s string
	i int
}

// where reads where the keys of a spec are.
func (p *keyParser) where(spec *keySpec) {
	switch c := p.peek(); {
	case c == '?':
		p.i++
		spec.begin, spec.find = beginUnknown, findUnknown
		return
	case 'A' <= c && c <= 'Z':
		spec.begin, spec.keyword = beginKeyword, p.until('@')
		p.i++
	}
	spec.index = p.number()
	if p.peek() == '#' {
		p.i++
		spec.find, spec.b, spec.c = findNumber, 1, 1
		if p.peek() != ' ' {
			spec.a = p.number()
			p.i++
			spec.b = p.number()
			p.i++
			spec.c = p.number()
		}
		return
	}
	spec.b = 1
	for _, n := range []*int{&spec.a, &spec.b, &spec.c} {
		if p.peek() != ':' {
			return
		}
		p.i++
		*n = p.number()
	}
}

func (p *keyParser) number() int {
	n, negative := 0, p.peek() == '-'
	if negative {
		p.i++
	}
	for '0' <= p.peek() && p.peek() <= '9' {
		n = 10*n + int(p.peek()-'0')
		p.i++
	}
	if negative {
		return -n
	}
	return n
}

func (p *keyParser) word() string {
	start := min(p.i, len(p.s))
	for c := p.peek(); c != 0 && c != ' ' && c != ';'; c = p.peek() {
		p.i++
	}
	return p.s[start:p.i]
}

// until reads up to a delimiter.
func (p *keyParser) until(end byte) string {
	start := min(p.i, len(p.s))
	for p.i < len(p.s) && p.s[p.i] != end {
		p.i++
	}
	return p.s[start:min(p.i, len(p.s))]
}

// peek returns the next byte, 0 at the end.
func (p *keyParser) peek() byte {
	if p.i >= len(p.s) {
		return 0
	}
	return p.s[p.i]
}
