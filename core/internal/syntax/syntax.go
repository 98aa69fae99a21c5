// Package syntax reads the two one-line notations in which commands are declared.
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
package syntax

// Argument is one node of a parsed Syntax.
type Argument struct {
	Name       string
	Display    string // "" in groups
	Token      string
	Since      string
	Deprecated string
	Kind       Kind
	Spec       int // index of its key spec, -1 without
	Optional   bool
	Multiple   bool
	Repeats    bool // its token comes with each of several
	HasToken   bool // token may be the empty word
	Args       []Argument
}

// Kind is what an argument is.
type Kind uint8

// The kinds of arguments.
const (
	String Kind = iota
	Integer
	Double
	Key
	Pattern
	UnixTime
	PureToken
	OneOf
	Block
)

// KindNames are the names of the kinds in COMMAND DOCS.
var KindNames = [...]string{
	"string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block",
}

// syntaxParser reads a Syntax. Syntaxes are part of the program and checked by a test: what is
// malformed is read somehow.
type syntaxParser struct {
	s     string
	i     int
	specs int // the key spec that the next key belongs to
}

// Parse returns the arguments of a Syntax.
func Parse(s string) []Argument {
	p := syntaxParser{s: s}
	return p.list(0)
}

// list reads arguments up to a closing bracket, or to the end when that is 0.
func (p *syntaxParser) list(closing byte) []Argument {
	var args []Argument
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

func (p *syntaxParser) element() Argument {
	if p.peek() == '[' {
		p.i++
		a := p.element()
		a.Optional = true
		p.i++ // ]
		return a
	}
	a := Argument{Spec: -1}
	if c := p.peek(); 'A' <= c && c <= 'Z' {
		token := p.word("^!. |[](){}")
		if p.announces() {
			p.i++
			a = p.element()
			if a.Name == "" {
				a.Name = Lower(token)
			}
			a.Token, a.HasToken = token, true
			return a
		}
		a.Name, a.Display = Lower(token), Lower(token)
		a.Token, a.HasToken, a.Kind = token, true, PureToken
		p.suffix(&a)
		return a
	}
	if c := p.peek(); c != '(' && c != '{' { // a group behind its token is named after that
		a.Name = p.word(`":@^!. |[](){}`)
	}
	p.named(&a)
	p.suffix(&a)
	return a
}

// named reads what follows an argument's name.
func (p *syntaxParser) named(a *Argument) {
	a.Display = a.Name
	if p.peek() == '"' {
		p.i++
		a.Display = p.word(`"`)
		p.i++
	}
	if a.Name == "key" {
		a.Kind = Key
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
		a.Kind, a.Display = OneOf, ""
		a.Args = p.list(')')
	case c == '{':
		p.i++
		a.Kind, a.Display = Block, ""
		a.Args = p.list('}')
	case 'a' <= c && c <= 'z':
		a.Kind = argumentKindOf(p.word("@^!+. |[](){}"))
		p.keySpec(a)
	default:
		a.Kind, a.HasToken = PureToken, true
		if a.Token = p.word("^! |[](){}"); a.Token == `""` {
			a.Token = ""
		}
	}
}

// keySpec reads or counts off the key spec of a key.
func (p *syntaxParser) keySpec(a *Argument) {
	if p.peek() == '@' {
		p.i++
		a.Spec = int(p.peek() - '0')
		p.i++
	} else if a.Kind == Key {
		a.Spec = p.specs
	}
	if a.Kind == Key {
		p.specs = a.Spec + 1
	}
}

// suffix reads versions and dots.
func (p *syntaxParser) suffix(a *Argument) {
	for {
		switch p.peek() {
		case '^':
			p.i++
			a.Since = p.version()
		case '!':
			p.i++
			a.Deprecated = p.version()
		case '+':
			p.i++
			a.Repeats = true
		case '.':
			p.i += len("...")
			a.Multiple = true
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
	return FullVersion(p.s[start:p.i])
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

//go:noinline
func (p *syntaxParser) peek() byte {
	if p.i >= len(p.s) {
		return 0
	}
	return p.s[p.i]
}

// word reads up to any of the delimiters, and at least one byte.
//
//go:noinline
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

func argumentKindOf(name string) Kind {
	switch name {
	case "int":
		return Integer
	case "double":
		return Double
	case "key":
		return Key
	case "pattern":
		return Pattern
	case "time":
		return UnixTime
	}
	return String
}

// Lower returns s with A to Z in lower case.
//
//go:noinline
func Lower(s string) string {
	return string(AppendLower(make([]byte, 0, len(s)), []byte(s)))
}

// AppendLower appends src to dst with A to Z in lower case.
//
//go:noinline
func AppendLower(dst, src []byte) []byte {
	for _, b := range src {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst
}

// FullVersion completes a version of two numbers.
//
//go:noinline
func FullVersion(v string) string {
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

// CountWords counts the words that a Syntax needs, and tells whether there may be more.
func CountWords(syntax string) (n int, more bool) {
	c := wordCounter{s: syntax}
	n = c.list(0)
	return n, c.more
}

// wordCounter counts the words of a syntax that must be there, without building the tree: it runs
// for every command at the start of the program.
type wordCounter struct {
	s    string
	i    int
	more bool // some words are optional
}

func (c *wordCounter) list(closing byte) int {
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
func (c *wordCounter) item() int {
	switch c.s[c.i] {
	case '[':
		c.skip()
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

// skip passes over what is in brackets: none of it must be there.
func (c *wordCounter) skip() {
	for depth := 0; c.i < len(c.s); c.i++ {
		switch c.s[c.i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				c.i++
				return
			}
		}
	}
}

// choice counts the shortest of several alternatives.
func (c *wordCounter) choice() int {
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

// FixedWords counts the plain arguments at the beginning.
func FixedWords(args []Argument) int {
	for i := range args {
		a := &args[i]
		if a.Optional || a.Multiple || a.HasToken || len(a.Args) > 0 {
			return i
		}
	}
	return len(args)
}

// IsChoice tells whether an argument is one word, of several, that must be there.
func (a *Argument) IsChoice() bool {
	if a.Kind != OneOf || a.Optional || a.Multiple || a.HasToken {
		return false
	}
	for i := range a.Args {
		if words, more := a.Args[i].LeastWords(); words != 1 || more {
			return false
		}
	}
	return true
}

// LeastWords counts the words that arguments need, and tells whether there may be more.
func LeastWords(args []Argument) (n int, more bool) {
	for i := range args {
		a := &args[i]
		words, several := a.LeastWords()
		more = more || several || a.Optional || a.Multiple
		if !a.Optional {
			n += words
		}
	}
	return n, more
}

// LeastWords counts the words that an argument needs, and tells whether there may be more.
func (a *Argument) LeastWords() (n int, more bool) {
	switch a.Kind {
	case Block:
		n, more = LeastWords(a.Args)
	case OneOf:
		n = -1
		for i := range a.Args {
			words, several := a.Args[i].LeastWords()
			if a.Args[i].Optional {
				words = 0
			}
			more = more || several || n >= 0 && words != n
			if n < 0 || words < n {
				n = words
			}
		}
		n = max(n, 0)
	default:
		n = 1
	}
	if a.HasToken && a.Kind != PureToken {
		n++
	}
	return n, more
}
