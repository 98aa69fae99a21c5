package core

import (
	"strings"

	"github.com/redlet/redlet/core/internal/small"
)

var migrateCommands = []Command{
	{
		Name: "migrate", Since: "2.6", Group: "generic",
		Flags: Write | Awaits,
		Cats:  CatKeyspace | CatDangerous,
		Syntax: `host port:int key-selector:(key|empty-string:"") destination-db:int timeout:int ` +
			`[COPY^3.0] [REPLACE^3.0] [authentication:(AUTH auth"password"^4.0.7|` +
			`AUTH2 {username password}^6.0)] [KEYS keys"key":key@1...^3.0.6]`,
		Keys:       "3 RW access delete; KEYS@-2:-1 RW access delete incomplete",
		Tips:       "nondeterministic_output",
		Summary:    "Moves keys to another server.",
		Complexity: "that of DUMP and DEL here and of RESTORE there, and O(N) for N bytes in between",
		History:    "3.0 COPY and REPLACE; 3.0.6 KEYS; 4.0.7 AUTH; 6.0 AUTH2",
		Run:        cmdMigrate,
		Line:       &Line{Keys: migrateKeys, Secrets: migrateSecrets},
	},
}

const (
	errMigrateKeys = "ERR When using MIGRATE KEYS option, the key argument must be set to the " +
		"empty string"
	errMigrateHere = "ERR MIGRATE waits for another server, which cannot be done here"
)

// migrateKeys finds the keys behind the option KEYS, which is not any word KEYS; one that names no
// key counts for none.
func migrateKeys(args [][]byte, _ []KeyAt) (keys []KeyAt) {
	const flags = KeyRW | KeyAccess | KeyDelete
	for i := 6; i < len(args)-1; i++ {
		switch {
		case is(args[i], "auth"):
			i++
		case is(args[i], "auth2"):
			i += 2
		case is(args[i], "keys"):
			for at := i + 1; at < len(args) && len(args[3]) == 0; at++ {
				keys = append(keys, KeyAt{at, flags})
			}
			return keys
		}
	}
	return []KeyAt{{3, flags}}
}

// migrateSecrets are the name and the password for the other server.
func migrateSecrets(args [][]byte) (hidden []int) {
	for i := 6; i < len(args); i++ {
		left := len(args) - 1 - i
		switch {
		case is(args[i], "copy"), is(args[i], "replace"):
		case is(args[i], "auth") && left >= 1:
			hidden = append(hidden, i+1)
			i++
		case is(args[i], "auth2") && left >= 2:
			hidden = append(hidden, i+1, i+2)
			i += 2
		default:
			return hidden
		}
	}
	return hidden
}

// migrateOptions are what MIGRATE may be told.
type migrateOptions struct {
	copies, replace bool
	auth            [][]byte // the arguments of AUTH
	keys            [][]byte
	timeout         Time
	db              int64
}

func (c *Call) migrateOptions() (opt migrateOptions, ok bool) {
	opt.keys = c.Args[3:4]
	var user [][]byte
options:
	for i := 6; i < len(c.Args); i++ {
		more := len(c.Args) - i - 1
		switch arg := c.Args[i]; {
		case is(arg, "copy"):
			opt.copies = true
		case is(arg, "replace"):
			opt.replace = true
		case is(arg, "auth") && more >= 1:
			i++
			opt.auth = small.Concat(user, c.Args[i:i+1])
		case is(arg, "auth2") && more >= 2:
			i += 2
			user, opt.auth = c.Args[i-1:i], c.Args[i-1:i+1]
		case is(arg, "keys") && len(c.Args[3]) > 0:
			c.Error(errMigrateKeys)
			return opt, false
		case is(arg, "keys"):
			opt.keys = c.Args[i+1:]
			break options
		default:
			c.Error(ErrSyntax)
			return opt, false
		}
	}
	ms, ok := c.ArgInt(5)
	if !ok {
		return opt, false
	}
	if ms <= 0 {
		ms = 1000
	}
	opt.timeout = timeOf(ms)
	opt.db, ok = c.ArgInt(4)
	return opt, ok
}

// cmdMigrate waits for the other server as a script waits for its next slice: meanwhile nobody is
// served.
func cmdMigrate(c *Call) {
	opt, ok := c.migrateOptions()
	if !ok {
		return
	}
	m := c.migration(&opt)
	switch {
	case len(m.keys) == 0:
		c.Status("NOKEY")
	case c.replayed() || !c.maySuspend():
		c.Error(errMigrateHere)
	default:
		m.begin(c)
	}
}

// migration makes ready what is to be sent.
func (c *Call) migration(opt *migrateOptions) *migration {
	m := &migration{e: c.e, address: migrateAddress(c.Args[1], c.Args[2]), copies: opt.copies,
		timeout: opt.timeout, db: opt.db}
	if opt.auth != nil {
		m.auth = appendRequest(nil, "AUTH", opt.auth)
	}
	restore := "RESTORE"
	if c.e.cluster != nil {
		restore = "RESTORE-ASKING"
	}
	for _, key := range opt.keys {
		o := c.lookupRead(key)
		if o == nil {
			continue
		}
		ttl := int64(0)
		if at := o.expiry(); at != stays {
			if ttl = max(1, at-c.nowMs()); at < c.nowMs() {
				continue
			}
		}
		args := [][]byte{key, decimal(ttl), c.e.payload(o)}
		if opt.replace {
			args = append(args, []byte("REPLACE"))
		}
		m.request = appendRequest(m.request, restore, args)
		m.keys = append(m.keys, small.Clone(key))
	}
	return m
}

// migrateAddress is the address of a server. As in Redis any port will do: what is no number counts
// for 0, and of a number 16 bits.
func migrateAddress(host, port []byte) string {
	name := string(host)
	if strings.Contains(name, ":") && !strings.Contains(name, "://") {
		name = "[" + name + "]"
	}
	return name + ":" + itoa(int(uint16(leadingInt(port))))
}

// migrated removes keys that now stand elsewhere. One that was named twice is told of twice.
func (c *Call) migrated(keys [][]byte) {
	for _, key := range keys {
		c.delete(key)
	}
	if len(keys) > 0 {
		c.Propagate("DEL", keys...)
	}
}
