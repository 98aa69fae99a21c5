package core

import (
	"bytes"
	"strings"

	"github.com/redlet/redlet/core/internal/acl"
	"github.com/redlet/redlet/internal/sds"
)

// Users come from lines of the configuration or from the file of the parameter aclfile.

// usersName is the entry of Options.Config that holds users: what stands behind "user" in a
// redis.conf, one user a line.
const usersName = "user"

// bothUsers is said of users in the configuration and a file of users.
const bothUsers = "Configuring Redis with users defined in redis.conf and at the same setting an " +
	"ACL file path is invalid. This setup is very likely to lead to configuration errors and " +
	"security holes, please define either an ACL file or declare users directly in your " +
	"redis.conf, but not both."

// UserProblem tells what is wrong with a user line of a configuration, "" if nothing is: words are
// those behind "user", declared the users before it. What names a command that is unknown is found
// wrong by New alone.
func UserProblem(words, declared []string) string {
	e := &Engine{table: &commands, cfg: defaults}
	return e.userProblem(words, declared)
}

func (e *Engine) userProblem(words, declared []string) string {
	t, name := aclCommands{e}, words[0]
	for _, other := range declared {
		if other == name {
			return "Error in user declaration '" + name + "': Duplicate user found. A user can " +
				"only be defined once in config files"
		}
	}
	rules, open := acl.Join(words[1:])
	if open >= 0 {
		return "Error in user declaration 'user': Wrong format"
	}
	u := acl.New(name, t)
	for _, rule := range rules {
		problem := u.Apply(rule, t)
		if problem != "" && problem != acl.ErrUnknown {
			return "Error in user declaration 'user': " + problem
		}
	}
	return ""
}

// startUsers makes the users that the configuration has.
func (e *Engine) startUsers(lines string) error {
	e.access.normal = acl.Default(aclCommands{e})
	e.addUser(e.access.normal)
	e.access.normal.SetPassword(e.cfg.requirepass)
	if lines != "" && e.cfg.aclfile != "" {
		return &ConfigError{usersName, bothUsers}
	}
	var declared []string
	for _, line := range strings.Split(lines, "\n") {
		split, ok := sds.SplitArgs(nil, []byte(line))
		if !ok {
			return &ConfigError{usersName, "Unbalanced quotes in configuration line"}
		}
		if len(split) == 0 {
			continue
		}
		words := make([]string, len(split))
		for i, word := range split {
			words[i] = string(word)
		}
		problem := e.userProblem(words, declared)
		if problem == "" {
			problem = e.declareUser(words)
		}
		if problem != "" {
			return &ConfigError{usersName, problem}
		}
		declared = append(declared, words[0])
	}
	return nil
}

// declareUser makes the user of a line.
func (e *Engine) declareUser(words []string) (problem string) {
	t, name := aclCommands{e}, words[0]
	if acl.HasSpaces(name) {
		return "Spaces not allowed in ACL usernames"
	}
	u := acl.New(name, t)
	rules, _ := acl.Join(words[1:])
	for _, rule := range rules {
		if problem = u.Apply(rule, t); problem != "" {
			return "Error loading ACL rule '" + rule + "' for the user named '" + name + "': " +
				problem
		}
	}
	if !u.On {
		e.log(logNotice, "The user '"+name+"' is disabled (there is no 'on' modifier in the user "+
			"description). Make sure this is not a configuration error.")
	}
	if name == e.access.normal.Name {
		*e.access.normal = *u
	} else {
		e.addUser(u)
	}
	return ""
}

// aclPath is where the file of users stands.
func (e *Engine) aclPath() string {
	if strings.HasPrefix(e.cfg.aclfile, "/") {
		return e.cfg.aclfile
	}
	return e.cfg.under(e.cfg.aclfile)
}

// loadUsers has the host read the file of users and then makes those in it all that there are. It
// does so wholly or, with problems, not at all.
func (e *Engine) loadUsers(then func(problem string)) {
	e.readFile(e.aclPath(), func(text []byte, r *reading) {
		if r.failure != "" && r.failure != errFolderFound { // to C, a folder is an empty file
			then("Error loading ACLs, opening file '" + e.cfg.aclfile + "': " + r.failure)
			return
		}
		users, problem := e.parseUsers(text)
		if problem != "" {
			then(problem + "WARNING: ACL errors detected, no change to the previously active ACL " +
				"rules was performed")
			return
		}
		e.replaceUsers(users)
		then("")
	})
}

// parseUsers reads a file of users.
func (e *Engine) parseUsers(text []byte) (users []*acl.User, problem string) {
	t, names := aclCommands{e}, map[string]bool{}
	var out []byte
	for i, line := range bytes.Split(text, []byte("\n")) {
		words := strings.Split(strings.Trim(string(line), " \t\r\n"), " ")
		if len(words) == 1 && words[0] == "" {
			continue
		}
		number := itoa(i + 1)
		where := e.cfg.aclfile + ":" + number
		switch {
		case words[0] != "user" || len(words) < 2:
			out = append(out, where+" should start with user keyword followed by the username. "...)
			continue
		case names[words[1]]:
			out = append(out, "WARNING: Duplicate user '"+words[1]+"' found on line "+number+". "...)
			continue
		case acl.HasSpaces(words[1]):
			out = append(out, where+": username '"+words[1]+"' contains invalid characters. "...)
			continue
		}
		names[words[1]] = true
		u := acl.New(words[1], t)
		users = append(users, u)
		rules, open := acl.Join(words[2:])
		if open >= 0 {
			out = append(out, where+": Unmatched parenthesis in selector definition."...)
		}
		for _, rule := range rules {
			switch problem := u.Apply(strings.Trim(rule, "\t\r\n"), t); {
			case open >= 0, problem == "":
			case problem == acl.ErrUnknown:
				out = append(out, where+": Error in applying operation '"+rule+"': "+problem+". "...)
			default:
				out = append(out, where+": "+problem+". "...)
			}
		}
	}
	return users, string(out)
}

// saveUsers has the host put the users into their file.
func (e *Engine) saveUsers(then func(failure string)) {
	var text []byte
	for _, u := range e.access.users {
		text = append(u.AppendTo(text), '\n')
	}
	e.replaceFile(e.aclPath(), text, then)
}
