package acl

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/glob"
	"github.com/redlet/redlet/core/internal/small"
)

// Selector is one set of permissions: commands, keys and channels that go together.
type Selector struct {
	AllCommands bool // whatever the bits say
	AllKeys     bool
	AllChannels bool

	bits     []uint64 // by the command's index
	first    []firstArg
	base     bool   // what holds of commands that no rule names: the last +@all or -@all
	rules    string // what came behind that, as ACL LIST shows it, with a blank before each
	keys     []keyPattern
	channels []pattern
}

// firstArg is a command that may run with one first argument alone.
type firstArg struct {
	command int
	arg     string // in lower case
}

// keyPattern says of some keys what may be done with them.
type keyPattern struct {
	pattern
	may Access
}

// Access is what is done with a key.
type Access uint8

// The bits of Access.
const (
	Read Access = 1 << iota
	Write
)

// pattern is a glob that is compared faster where it is simple.
type pattern struct {
	_ [0]func() // not compared

	text   string
	prefix string
	kind   patternKind
}

type patternKind uint8

const (
	globPattern  patternKind = iota
	plainPattern             // no byte of it has a meaning of its own
	startPattern             // prefix with a star behind it
)

func compile(text string) pattern {
	p := pattern{text: text, prefix: strings.TrimRight(text, "*")}
	switch {
	case strings.ContainsAny(p.prefix, `*?[\`):
	case p.prefix == text:
		p.kind = plainPattern
	default:
		p.kind = startPattern
	}
	return p
}

// matches tells whether the pattern matches a name. The empty name is matched by the empty pattern
// alone: see package glob.
func (p *pattern) matches(name []byte) bool {
	switch p.kind {
	case plainPattern:
		return string(name) == p.text
	case startPattern:
		n := len(p.prefix)
		return len(name) > 0 && len(name) >= n && string(name[:n]) == p.prefix
	}
	return glob.Match([]byte(p.text), name, false)
}

// Unrestricted tells whether everything is permitted.
func (s *Selector) Unrestricted() bool { return s.AllCommands && s.AllKeys && s.AllChannels }

// Command tells whether a command may run. first is the argument behind its name, nil if it has
// none.
func (s *Selector) Command(index int, first []byte) bool {
	if s.AllCommands || s.bits[index>>6]>>(index&63)&1 != 0 {
		return true
	}
	if first == nil {
		return false
	}
	for i := range s.first {
		if f := &s.first[i]; f.command == index && same(first, f.arg) {
			return true
		}
	}
	return false
}

// same compares, in any case, an argument as a string of C.
func same(arg []byte, word string) bool {
	n := len(word)
	return len(arg) >= n && (len(arg) == n || arg[n] == 0) && strings.EqualFold(string(arg[:n]), word)
}

// Key tells whether so much may be done with a key.
func (s *Selector) Key(name []byte, does Access) bool {
	if s.AllKeys {
		return true
	}
	for i := range s.keys {
		if k := &s.keys[i]; k.may&does == does && k.matches(name) {
			return true
		}
	}
	return false
}

// EveryKey tells whether so much may be done with all keys, whatever they are called.
func (s *Selector) EveryKey(does Access) bool {
	return s.AllKeys || slices.ContainsFunc(s.keys, func(k keyPattern) bool {
		return k.text == "*" && k.may&does == does
	})
}

// Channel tells whether a channel may be used; or, literally, a pattern of channels, which must be
// permitted as it stands.
func (s *Selector) Channel(name []byte, literally bool) bool {
	return s.AllChannels || permits(s.channels, name, literally)
}

func permits(channels []pattern, name []byte, literally bool) bool {
	for i := range channels {
		p := &channels[i]
		if literally && p.text == string(name) || !literally && p.matches(name) {
			return true
		}
	}
	return false
}

// setAll permits or forbids every command.
//
//go:noinline
func (s *Selector) setAll(commands int, allow bool) {
	s.AllCommands, s.base, s.rules, s.first = allow, allow, "", nil
	s.bits = make([]uint64, (commands+63)>>6)
	for i := range s.bits {
		if allow {
			s.bits[i] = ^uint64(0)
		}
	}
}

// change permits or forbids a command and its subcommands, which follow it.
func (s *Selector) change(index, subs int, allow bool) {
	for i := index; i <= index+subs; i++ {
		if allow {
			s.bits[i>>6] |= 1 << (i & 63)
		} else {
			s.bits[i>>6] &^= 1 << (i & 63)
			s.AllCommands = false
		}
	}
	s.first = small.DeleteFunc(s.first, func(f firstArg) bool {
		return index <= f.command && f.command <= index+subs
	})
}

// note adds a rule of commands to those that are shown, in place of those about the same command or
// parts of it.
func (s *Selector) note(rule string, allow bool) {
	var kept strings.Builder
	for rest := s.rules; rest != ""; {
		var old string
		old, rest, _ = strings.Cut(rest[1:], " ")
		if rest != "" {
			rest = " " + rest
		}
		if len(old) < 2 { // an argument may hold blanks
			kept.WriteString(" " + old)
			continue
		}
		if about, same := strings.CutPrefix(old[1:], rule); same && (about == "" || about[0] == '|') {
			continue
		}
		kept.WriteString(" " + old)
	}
	sign := " -"
	if allow {
		sign = " +"
	}
	s.rules = kept.String() + sign + rule
}

// Commands describes the rules of commands.
func (s *Selector) Commands() string {
	if s.base {
		return "+@all" + s.rules
	}
	return "-@all" + s.rules
}

// Keys describes the patterns of keys.
//
//go:noinline
func (s *Selector) Keys() string {
	if s.AllKeys {
		return "~*"
	}
	text := make([]byte, 0, 64)
	for i := range s.keys {
		if i > 0 {
			text = append(text, ' ')
		}
		switch s.keys[i].may {
		case Read:
			text = append(text, "%R"...)
		case Write:
			text = append(text, "%W"...)
		}
		text = append(append(text, '~'), s.keys[i].text...)
	}
	return string(text)
}

// Channels describes the patterns of channels.
//
//go:noinline
func (s *Selector) Channels() string {
	if s.AllChannels {
		return "&*"
	}
	text := make([]byte, 0, 64)
	for i := range s.channels {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(append(text, '&'), s.channels[i].text...)
	}
	return string(text)
}

// appendTo appends the selector as it stands in a user's line.
func (s *Selector) appendTo(dst []byte) []byte {
	if keys := s.Keys(); keys != "" {
		dst = append(append(dst, keys...), ' ')
	}
	if !s.AllChannels {
		dst = append(dst, "resetchannels "...)
	}
	if channels := s.Channels(); channels != "" {
		dst = append(append(dst, channels...), ' ')
	}
	return append(dst, s.Commands()...)
}

// clone copies the selector.
func (s *Selector) clone() *Selector {
	c := *s
	c.bits, c.first = slices.Clone(s.bits), slices.Clone(s.first)
	c.keys, c.channels = slices.Clone(s.keys), slices.Clone(s.channels)
	return &c
}
