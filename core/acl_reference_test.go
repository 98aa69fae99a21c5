package core_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redlet/redlet/core/coretest"
)

// aclRun is how many commands of TestACLReference run between two that forget the users.
const aclRun = 400

// TestACLReference makes users up by all kinds of rules, runs made-up commands as them, plain, in
// transactions and in scripts, and compares with a real redis-server what they are denied and what
// ACL tells. What commands do that run is not compared: that is TestDifferential's.
func TestACLReference(t *testing.T) {
	ref := coretest.StartReference(t)
	ref.NeedClock(t)
	session, err := ref.Session() // sets the clock
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	g := newACLGenerator(t)
	d := coretest.Differ{
		Left:  aclPeer{&coretest.EnginePeer{Config: testConfig}},
		Right: aclPeer{&coretest.NetworkPeer{Dial: ref.Dial}},
		Before: [][]string{{"ACL", "DELUSER", "u0", "u1", "u2", ""}, {"ACL", "LOG", "RESET"},
			{"ACL", "SETUSER", "default", "reset", "on", "nopass", "+@all", "~*", "&*"},
			{"CONFIG", "SET", "acl-pubsub-default", "resetchannels"}},
	}
	for n := 0; n < *diffCommands; n += aclRun {
		d.RESP3 = n/aclRun%2 == 1
		var commands [][]string
		for len(commands) < aclRun {
			commands = append(commands, g.round(d.RESP3)...)
		}
		diff, err := d.Compare(commands)
		if err != nil {
			t.Fatal(err)
		}
		if diff != nil {
			t.Fatalf("RESP3 %v: left is redlet, right is Redis %s: %v", d.RESP3,
				session.Version(), diff)
		}
	}
}

// aclPeer leaves aside of replies what is not about users.
type aclPeer struct{ coretest.Peer }

// Run implements [coretest.Peer]. No reply is on its way when AUTH is sent: a refused one would get
// none.
func (p aclPeer) Run(commands [][]string) (replies []coretest.Reply, err error) {
	for from := 0; from < len(commands); from = len(replies) {
		end := from + 1
		for end < len(commands) && commands[end][0] != "AUTH" {
			end++
		}
		some, err := p.Peer.Run(commands[from:end])
		if err != nil {
			return nil, err
		}
		replies = append(replies, some...)
	}
	for i := range replies {
		switch r := &replies[i]; commands[i][0] {
		case "ACL":
			aboutUsers(commands[i], r)
		case "EXEC":
			for j := range r.Items {
				deniedAlone(&r.Items[j])
			}
		default:
			deniedAlone(r)
		}
	}
	return replies, nil
}

// deniedAlone keeps of a reply that it came, or how the command was refused.
func deniedAlone(r *coretest.Reply) {
	if r.Kind != '-' {
		*r = coretest.Reply{Kind: '+', Text: "done"}
	}
}

// aboutUsers keeps of a reply of ACL what two servers must have alike.
func aboutUsers(command []string, r *coretest.Reply) {
	switch command[1] {
	case "CAT": // in the order of a hash table
		slices.SortFunc(r.Items, func(a, b coretest.Reply) int { return strings.Compare(a.Text, b.Text) })
	case "LOG":
		for _, entry := range r.Items {
			for i := 0; i+1 < len(entry.Items); i += 2 {
				switch entry.Items[i].Text {
				case "client-info", "entry-id", "age-seconds", "timestamp-created",
					"timestamp-last-updated":
					entry.Items[i+1] = coretest.Reply{}
				}
			}
		}
	}
}

// aclGenerator makes up what TestACLReference runs.
type aclGenerator struct {
	*rand.Rand
	any        *coretest.Generator // every command, for ACL DRYRUN
	safe       *coretest.Generator // those that can run
	names      []string            // of commands and subcommands, as rules have them
	categories []string
}

func newACLGenerator(t *testing.T) *aclGenerator {
	t.Helper()
	ours := func(name string) bool { return strings.HasPrefix(strings.ToLower(name), "redlet") }
	g := &aclGenerator{
		any: newGenerator(t, func(name, _ string) bool { return !ours(name) }),
		safe: newGenerator(t, func(name, group string) bool {
			switch group {
			case "string", "generic", "hash", "list", "bitmap", "set", "sorted-set", "geo",
				"hyperloglog", "stream", "scripting":
				return unmade[name] == "" && !strings.HasPrefix(name, "function")
			}
			switch name {
			case "ping", "echo", "select", "dbsize", "publish", "spublish", "config|get",
				"client|getname", "client|id", "client|setname", "command|count", "acl|whoami",
				"acl|cat", "acl|users", "acl|getuser", "object|encoding", "memory|usage", "watch",
				"unwatch", "pubsub|numsub", "slowlog|len", "latency|doctor", "lastsave":
				return true
			}
			return false
		}),
	}
	p := coretest.EnginePeer{Config: testConfig}
	if err := p.Reset(false); err != nil {
		t.Fatal(err)
	}
	replies, err := p.Run([][]string{{"COMMAND", "LIST"}, {"COMMAND", "DOCS"}, {"ACL", "CAT"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range replies[0].Items {
		if !ours(name.Text) {
			g.names = append(g.names, name.Text)
		}
	}
	for _, category := range replies[2].Items {
		g.categories = append(g.categories, category.Text)
	}
	g.Rand = rand.New(rand.NewPCG(newSeed(t), 1))
	return g
}

func (g *aclGenerator) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g *aclGenerator) user() string { return g.pick("u0", "u0", "u1", "u1", "u2", "u2", "") }

// round is one change of a user and what it then is denied.
func (g *aclGenerator) round(resp3 bool) (commands [][]string) {
	user := g.user()
	commands = append(commands, append([]string{"ACL", "SETUSER", user}, g.rules()...))
	for range 1 + g.IntN(3) {
		commands = append(commands, append([]string{"ACL", "DRYRUN", g.user()}, g.any.Next()...))
	}
	for range g.IntN(3) {
		commands = append(commands, g.told())
	}
	if g.IntN(2) == 0 {
		return commands
	}
	commands = append(commands, []string{"ACL", "SETUSER", user, "on", ">p0"},
		[]string{"AUTH", user, g.pick("p0", "p0", "p0", "p0", "p0", "p0", "p1")})
	for range 1 + g.IntN(6) {
		commands = append(commands, g.denied(user)...)
	}
	hello := []string{"HELLO", "2"}
	if resp3 {
		hello[1] = "3"
	}
	return append(commands, []string{"RESET"}, hello, []string{"ACL", "LOG", g.pick("1", "3", "100")})
}

// told is a command that tells of users.
func (g *aclGenerator) told() []string {
	switch g.IntN(16) {
	case 0, 1, 2:
		return []string{"ACL", "LIST"}
	case 3, 4, 5, 6:
		return []string{"ACL", "GETUSER", g.user()}
	case 7, 8:
		return []string{"ACL", "LOG"}
	case 9:
		return []string{"ACL", "LOG", g.pick("RESET", "reset", "-1", "0", "2", "x")}
	case 10:
		return []string{"ACL", "CAT", g.pick(g.categories...)}
	case 11:
		return []string{"ACL", "CAT", g.pick("", "nope", "READ", "@read", "all")}
	case 12:
		return []string{"ACL", "DELUSER", g.user(), g.pick("u9", "default", "", "u2")}
	case 13:
		return []string{"CONFIG", "SET", "acl-pubsub-default",
			g.pick("allchannels", "resetchannels", "resetchannels", "x")}
	}
	return []string{"ACL", "USERS"}
}

// harmless is a command that can run: it does not wait.
func (g *aclGenerator) harmless() []string {
	for {
		if args := g.safe.Next(); !waits(args) {
			return args
		}
	}
}

// denied are commands that a user may not be permitted.
func (g *aclGenerator) denied(user string) [][]string {
	one := g.harmless()
	switch g.IntN(12) {
	case 0, 1:
		queue := [][]string{{"MULTI"}, one}
		for range g.IntN(3) {
			queue = append(queue, g.harmless())
		}
		if g.IntN(3) == 0 { // what was permitted when it was queued no longer is
			queue = slices.Insert(queue, 1, append([]string{"ACL", "SETUSER", user}, g.rules()...))
		}
		return append(queue, []string{"EXEC"}, []string{"DISCARD"})
	case 2, 3:
		script := g.pick("return redis.call(unpack(ARGV))", "return redis.pcall(unpack(ARGV))",
			"return redis.acl_check_cmd(unpack(ARGV))")
		return [][]string{append([]string{"EVAL", script, "0"}, one...)}
	case 4:
		return [][]string{append([]string{"EVAL", "return redis.call(unpack(ARGV))", "1",
			g.pick("s0", "s1", "h1", "zz")}, one...)}
	case 5:
		return [][]string{append([]string{"ACL", "DRYRUN", g.user()}, g.any.Next()...)}
	case 6:
		if told := g.told(); told[1] != "DELUSER" { // it might cut its own connection
			return [][]string{told}
		}
	case 7:
		return [][]string{{"ACL", "WHOAMI"}}
	}
	return [][]string{one}
}

// rules make or change a user; most are right.
func (g *aclGenerator) rules() []string {
	var rules []string
	if g.IntN(3) == 0 {
		rules = append(rules, "reset")
	}
	switch g.IntN(4) { // else most would be denied every command
	case 0, 1:
		rules = append(rules, "+@all")
	case 2:
		rules = append(rules, "+@all", g.pick("-@write", "-@read", "-get", "-acl"), "~"+g.keys())
	}
	for range g.IntN(6) {
		switch g.IntN(12) {
		case 0:
			rules = append(rules, g.ofUser())
		case 1, 2:
			rules = append(rules, g.selector()...)
		default:
			rules = append(rules, g.ofSelector())
		}
	}
	return rules
}

// ofUser is a rule of the user itself.
func (g *aclGenerator) ofUser() string {
	const sum = "c1b06e6e1b4e2b0c5c0a2a5ac2a3ab0d4a5e5bd4b0c7e5b1d0e3f4c5b6a79812"
	return g.pick("on", "off", "ON", "nopass", "resetpass", "clearselectors", "reset", "RESET",
		"skip-sanitize-payload", "sanitize-payload", ">p0", ">p1", "<p0", "<p1", ">", "<", ">p 0",
		"#"+sum, "!"+sum, "#"+sum[1:], "#"+strings.ToUpper(sum), "!"+sum[2:], "#",
		"nopass ", "ClearSelectors")
}

// ofSelector is a rule that may stand in parentheses. A first argument with a blank is not among
// them: redis-server 8.0.2 may die of it.
func (g *aclGenerator) ofSelector() string {
	sign := g.pick("+", "-")
	switch g.IntN(20) {
	case 0, 1:
		return g.pick("allkeys", "resetkeys", "~*", "resetkeys", "resetkeys", "ALLKEYS")
	case 2, 3, 4, 5:
		return g.pick("~", "%R~", "%W~", "%RW~", "%r~", "%wR~", "%R~", "%W~") + g.keys()
	case 6:
		return g.pick("%~s", "%RR~s", "%X~s", "%R", "%", "%Rs", "~a b", "~\t", "&a b", "%RW", "%R~a\x00")
	case 7, 8:
		return g.pick("allchannels", "resetchannels", "&*", "&f*", "&f1", "&", "&f?", "&[f3]*", "&f\\1",
			"resetchannels", "resetchannels")
	case 9:
		return g.pick("allcommands", "nocommands", "+@all", "-@all", "NOCOMMANDS", "+@ALL")
	case 10, 11, 12, 13:
		category := g.pick(g.categories...)
		if g.IntN(8) == 0 {
			category = strings.ToUpper(category)
		}
		return sign + "@" + category
	case 14:
		return sign + g.pick("@nope", "@", "", "nope", "get|", "|get", "|", "config|nope", "config|",
			"config|set|maxmemory", "get|s0", "select|1", "select|0", "SELECT|0", "set|s0|x", "nope|x",
			"object|HELP", "client|ID", "@read x", "get ", "config|get|", "@all|x", "@READ|")
	case 15:
		return g.pick("", "foo", "x", "(", ")", "()", "all", "*", "@read", "get", "+", "-", "+@", "|")
	case 16:
		return "+" + g.pick("select", "ping", "echo", "eval", "client", "xinfo") + "|" +
			g.pick("0", "1", "f0", "F0", "f1", "", "id")
	}
	name := g.pick(g.names...)
	if g.IntN(3) == 0 {
		name = g.pick("get", "set", "select", "ping", "echo", "config", "config|get", "eval", "multi",
			"exec", "acl", "acl|whoami", "client", "client|id", "del", "acl|setuser", "object")
	}
	if g.IntN(8) == 0 {
		name = strings.ToUpper(name)
	}
	return sign + name
}

// keys is a pattern of keys.
func (g *aclGenerator) keys() string {
	return g.pick("s*", "l*", "h*", "h0", "[stz]*", "*", "?1", "x0", "p*", "", "*1", "s[0-1]", "\\s0",
		"h", "s0", "v*", "k*", "[a-t]?")
}

// selector are rules in parentheses: in one word, or in several.
func (g *aclGenerator) selector() []string {
	var inner []string
	if g.IntN(3) == 0 {
		inner = append(inner, g.pick("+@all", "+@all", "+@write", "+@read"))
	}
	for range g.IntN(4) {
		inner = append(inner, g.ofSelector())
	}
	if g.IntN(12) == 0 {
		inner = append(inner, g.ofUser())
	}
	whole := "(" + strings.Join(inner, g.pick(" ", " ", " ", "  ")) + ")"
	switch g.IntN(12) {
	case 0:
		return []string{whole[:len(whole)-1]}
	case 1:
		return []string{"(" + whole, "+get", strconv.Itoa(g.IntN(3)) + ")"}
	case 2, 3, 4, 5:
		return strings.Split(whole, " ")
	case 6:
		return []string{"( " + whole[1:len(whole)-1] + " )"}
	}
	return []string{whole}
}
