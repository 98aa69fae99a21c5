// Package acl is Redis's access control: users, the rules that make them, and what those permit. It
// knows nothing of an engine: commands are indices and names to it.
package acl

import (
	"slices"
	"strings"

	"github.com/redlet/redlet/core/internal/sha256"
)

// User is a user: how it is recognized, and what it may do.
type User struct {
	Name        string
	On          bool // it may authenticate
	NoPass      bool // with any password
	SkipPayload bool // skip-sanitize-payload: see sanitize-dump-payload
	// Passwords are the sums of its passwords in hexadecimal, in the order in which they came.
	Passwords []string
	// Selectors are what it may do: any one of them is enough. The first is its own, the others
	// stand in parentheses.
	Selectors []*Selector
}

// New returns a user who may do nothing.
//
//go:noinline
func New(name string, t Commands) *User {
	u := &User{Name: name}
	u.reset(t)
	return u
}

// Default returns the user of those who have not said who they are; it may do everything.
func Default(t Commands) *User {
	s := &Selector{AllKeys: true, AllChannels: true}
	s.setAll(t.Count(), true)
	return &User{Name: "default", On: true, NoPass: true, Selectors: []*Selector{s}}
}

// Unrestricted tells whether the user may do everything.
func (u *User) Unrestricted() bool {
	for _, s := range u.Selectors {
		if s.Unrestricted() {
			return true
		}
	}
	return false
}

// Knows tells whether a password is one of the user's.
func (u *User) Knows(password []byte) bool {
	return u.NoPass || len(u.Passwords) > 0 && slices.Contains(u.Passwords, sha256.Hex(password))
}

// SetPassword makes a password the only one; "" is none, with which any will do.
//
//go:noinline
func (u *User) SetPassword(password string) {
	u.NoPass, u.Passwords = password == "", nil
	if password != "" {
		u.Passwords = []string{sha256.Hex([]byte(password))}
	}
}

// Clone copies a user.
func (u *User) Clone() *User {
	c := *u
	c.Passwords = slices.Clone(u.Passwords)
	c.Selectors = make([]*Selector, len(u.Selectors))
	for i, s := range u.Selectors {
		c.Selectors[i] = s.clone()
	}
	return &c
}

// Flags lists the names of the user's flags.
//
//go:noinline
func (u *User) Flags() []string {
	list := make([]string, 0, 3)
	if u.On {
		list = append(list, "on")
	} else {
		list = append(list, "off")
	}
	if u.NoPass {
		list = append(list, "nopass")
	}
	if u.SkipPayload {
		return append(list, "skip-sanitize-payload")
	}
	return append(list, "sanitize-payload")
}

// AppendTo appends the user's line, as ACL LIST shows it and as files hold it: its rules make the
// user anew.
func (u *User) AppendTo(dst []byte) []byte {
	dst = append(append(dst, "user "...), u.Name...)
	dst = append(append(dst, ' '), strings.Join(u.Flags(), " ")...)
	for _, sum := range u.Passwords {
		dst = append(append(dst, " #"...), sum...)
	}
	for i, s := range u.Selectors {
		if i == 0 {
			dst = s.appendTo(append(dst, ' '))
			continue
		}
		dst = append(s.appendTo(append(dst, " ("...)), ')')
	}
	return dst
}

// Covers tells whether the user may use every channel that another may, as its patterns say.
func (u *User) Covers(other *User) bool {
	if u.allChannels() {
		return true
	}
	all := u.channels()
	for _, s := range other.Selectors {
		if s.AllChannels {
			return false
		}
		for i := range s.channels {
			if !permits(all, []byte(s.channels[i].text), true) {
				return false
			}
		}
	}
	return true
}

// MayListen tells whether the user may listen to a channel; or, literally, to a pattern. Who
// listens already is no longer bound to the commands of a selector.
func (u *User) MayListen(name string, literally bool) bool {
	return u.allChannels() || permits(u.channels(), []byte(name), literally)
}

func (u *User) allChannels() bool {
	return slices.ContainsFunc(u.Selectors, func(s *Selector) bool { return s.AllChannels })
}

//go:noinline
func (u *User) channels() []pattern {
	var all []pattern
	for _, s := range u.Selectors {
		all = append(all, s.channels...)
	}
	return all
}
