package acl

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/sha256"
	"github.com/redlet/redlet/core/internal/small"
	"github.com/redlet/redlet/internal/sds"
)

// Commands is what rules must know of an engine.
type Commands interface {
	// Count is more than any command's index.
	Count() int
	// Find looks a command up by its name, or a subcommand by both of its names with a bar between
	// them, in any case.
	Find(name string) (Command, bool)
	// Category is the bit of a category, in any case; 0 if there is none of that name.
	Category(name string) uint32
	// Subs is how many subcommands the command of an index has.
	Subs(index int) int
	// Categories are the categories of the command of an index.
	Categories(index int) uint32
	// AllChannels tells whether new users may use every channel.
	AllChannels() bool
}

// Command is a command as rules see it. Its subcommands have the indices that follow its own.
type Command struct {
	Index int
	Subs  int  // how many subcommands it has
	Sub   bool // it is one
}

// What is wrong with a rule, in the words of Redis.
const (
	ErrSyntax  = "Syntax error"
	ErrUnknown = "Unknown command or category name in ACL"
	errKeys    = "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and " +
		"does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
	errChannels = "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid " +
		"and does not have any effect. Try 'resetchannels' to start with an empty list of channels"
	errPassword = "The password you are trying to remove from the user does not exist"
	errSum      = "The password hash must be exactly 64 characters and contain only lowercase " +
		"hexadecimal characters"
	errFirstArg = "Allowing first-arg of a subcommand is not supported"
)

// Apply changes a user by a rule and returns what is wrong with it, "" if nothing is. After an
// error the user may be changed in part.
func (u *User) Apply(rule string, t Commands) (problem string) {
	if rule == "" {
		return ""
	}
	switch rule[0] {
	case '>', '#', '<', '!':
		return u.password(rule)
	case '(':
		if rule[len(rule)-1] == ')' {
			return u.selector(rule[1:len(rule)-1], t)
		}
	}
	switch lower(rule) {
	case "on", "off":
		u.On = len(rule) == len("on")
	case "nopass":
		u.NoPass, u.Passwords = true, nil
	case "resetpass":
		u.NoPass, u.Passwords = false, nil
	case "skip-sanitize-payload":
		u.SkipPayload = true
	case "sanitize-payload":
		u.SkipPayload = false
	case "clearselectors":
		u.Selectors = u.Selectors[:1]
	case "reset":
		u.reset(t)
	default:
		return u.Selectors[0].apply(rule, t)
	}
	return ""
}

//go:noinline
func (u *User) reset(t Commands) {
	*u = User{Name: u.Name, Selectors: []*Selector{newSelector(t)}}
}

func newSelector(t Commands) *Selector {
	s := &Selector{AllChannels: t.AllChannels()}
	s.setAll(t.Count(), false)
	return s
}

// password adds or removes a password.
func (u *User) password(rule string) (problem string) {
	sum := rule[1:]
	if rule[0] == '>' || rule[0] == '<' {
		sum = sha256.Hex([]byte(sum))
	} else if len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
		return errSum
	}
	i := slices.Index(u.Passwords, sum)
	switch {
	case rule[0] == '>' || rule[0] == '#':
		if u.NoPass = false; i < 0 {
			u.Passwords = append(u.Passwords, sum)
		}
	case i < 0:
		return errPassword
	default:
		u.Passwords = small.Delete(u.Passwords, i, i+1)
	}
	return ""
}

// selector adds a selector, of the rules between parentheses.
func (u *User) selector(rules string, t Commands) (problem string) {
	s := newSelector(t)
	words, ok := sds.SplitArgs(nil, []byte(strings.Trim(rules, " ")))
	if !ok {
		words = nil // to Redis, too, there are none then
	}
	for _, word := range words {
		if problem = s.apply(string(word), t); problem != "" {
			return problem
		}
	}
	u.Selectors = append(u.Selectors, s)
	return ""
}

// apply changes a selector by a rule.
func (s *Selector) apply(rule string, t Commands) (problem string) {
	if rule == "" {
		return ErrSyntax
	}
	switch word := lower(rule); word {
	case "allkeys", "~*":
		s.AllKeys, s.keys = true, nil
	case "resetkeys":
		s.AllKeys, s.keys = false, nil
	case "allchannels", "&*":
		s.AllChannels, s.channels = true, nil
	case "resetchannels":
		s.AllChannels, s.channels = false, nil
	case "allcommands", "+@all", "nocommands", "-@all":
		s.setAll(t.Count(), word[0] == '+' || word[0] == 'a')
	default:
		return s.applyNamed(rule, t)
	}
	return ""
}

// applyNamed is for rules that name something.
func (s *Selector) applyNamed(rule string, t Commands) (problem string) {
	switch name := rule[1:]; rule[0] {
	case '~', '%':
		return s.addKeys(rule)
	case '&':
		return s.addChannels(name)
	case '+', '-':
		if strings.HasPrefix(name, "@") {
			return s.applyCategory(lower(name), rule[0] == '+', t)
		}
		return s.applyCommand(lower(name), rule[0] == '+', t)
	}
	return ErrSyntax
}

// addKeys adds a pattern of keys. One that is there already permits more.
func (s *Selector) addKeys(rule string) (problem string) {
	if s.AllKeys {
		return errKeys
	}
	may, at := Read|Write, 1
	if rule[0] == '%' {
		may = 0
	flags:
		for ; at < len(rule); at++ {
			switch b := rule[at]; {
			case (b == 'r' || b == 'R') && may&Read == 0:
				may |= Read
			case (b == 'w' || b == 'W') && may&Write == 0:
				may |= Write
			case b == '~' && may != 0:
				at++
				break flags
			default:
				return ErrSyntax
			}
		}
		if may == 0 {
			return ErrSyntax
		}
	}
	text := rule[at:]
	if HasSpaces(text) {
		return ErrSyntax
	}
	for i := range s.keys {
		if s.keys[i].text == text {
			s.keys[i].may |= may
			return ""
		}
	}
	s.keys = append(s.keys, keyPattern{compile(text), may})
	return ""
}

func (s *Selector) addChannels(text string) (problem string) {
	switch {
	case s.AllChannels:
		return errChannels
	case HasSpaces(text):
		return ErrSyntax
	case !permits(s.channels, []byte(text), true):
		s.channels = append(s.channels, compile(text))
	}
	return ""
}

// HasSpaces tells whether a name or a pattern has bytes that it must not have.
func HasSpaces(s string) bool { return strings.ContainsAny(s, " \t\n\v\f\r\x00") }

func (s *Selector) applyCategory(name string, allow bool, t Commands) (problem string) {
	bit := t.Category(name[1:])
	if bit == 0 {
		return ErrUnknown
	}
	for i := range t.Count() {
		if t.Categories(i)&bit != 0 {
			s.change(i, t.Subs(i), allow)
		}
	}
	s.note(name, allow)
	return ""
}

// applyCommand permits or forbids a command, or permits it with one first argument.
func (s *Selector) applyCommand(name string, allow bool, t Commands) (problem string) {
	if c, ok := t.Find(name); ok {
		s.change(c.Index, c.Subs, allow)
		s.note(name, allow)
		return ""
	}
	bar := strings.LastIndexByte(name, '|')
	if !allow || bar < 0 {
		return ErrUnknown
	}
	c, ok := t.Find(name[:bar])
	f := firstArg{c.Index, name[bar+1:]}
	switch {
	case !ok:
		return ErrUnknown
	case c.Sub:
		return errFirstArg
	case f.arg == "":
		return ErrSyntax
	case c.Subs > 0:
		return ErrUnknown
	case !slices.Contains(s.first, f):
		s.first = append(s.first, f)
	}
	s.note(name, true)
	return ""
}

// lower is s with the letters of ASCII in lower case.
//
//go:noinline
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Join puts the words of rules together that stand in one pair of parentheses. It returns the
// place of one that does not close, or -1.
//
//go:noinline
func Join(words []string) (rules []string, open int) {
	open = -1
	for i, word := range words {
		switch last := len(word) - 1; {
		case open >= 0:
			text, _, _ := strings.Cut(word, "\x00") // it is appended as a string of C
			rules[len(rules)-1] += " " + text
			if last >= 0 && word[last] == ')' {
				open = -1
			}
		case last >= 0 && word[0] == '(' && word[last] != ')':
			open = i
			rules = append(rules, word)
		default:
			rules = append(rules, word)
		}
	}
	return rules, open
}
