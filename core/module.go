package core

// What follows is, with Call.Args, its replies and its time, what commands of a package above this
// one use: those of Options.Commands. They are declared by the same literals as Redis's own.

// Random returns 64 random bits from the engine's generator, from which every random choice comes:
// the same seed and the same inputs give the same bits. Say with Propagate what came of them.
func (c *Call) Random() uint64 { return c.e.random.Next() }

// DB returns the index of the database in which the command runs.
func (c *Call) DB() int { return c.db.id }

// Do runs another command, in the database of this one, without asking whether the client may, and
// returns its reply in the client's protocol: append it to Buf to pass it on, or see [ReplyError].
// It is lent until the next Do. The command does not block; what scripts are refused is refused
// here too.
//
// What the command changed is propagated; the command that called Do is then not, other than by
// Propagate.
func (c *Call) Do(name string, args ...[]byte) []byte {
	c.propagated = true
	if c.e.depth == depthMax {
		return []byte("-ERR Commands call each other too deeply\r\n")
	}
	n := c.e.nest()
	defer c.e.unnest()
	n.conn.db, n.conn.w.RESP3 = c.db, c.RESP3
	n.args = append(append(n.args[:0], []byte(name)), args...)
	n.call = Call{Writer: &n.conn.w, e: c.e, conn: &n.conn, db: c.db, Args: n.args,
		cmd: c.e.lookupCommand(n.args)}
	if problem := n.call.check(atCommand); problem != allowed {
		n.call.Error(string(problem))
	} else {
		c.e.invoke(&n.call)
	}
	return n.conn.w.Buf
}

// depthMax bounds how deep commands may call one another.
const depthMax = 16

// nested is what runs the commands of Do at one depth.
type nested struct {
	conn conn
	call Call
	args [][]byte
}

// nest returns what runs the next command within the one under way.
func (e *Engine) nest() *nested {
	if e.depth == len(e.nested) {
		e.nested = append(e.nested, &nested{conn: conn{flags: connScript, user: e.access.normal}})
	}
	n := e.nested[e.depth]
	e.depth++
	n.conn.w.Reset()
	return n
}

func (e *Engine) unnest() { e.depth-- }

// ReplyError returns the text of a reply that is an error, code and all; false if it is none.
func ReplyError(reply []byte) (text string, is bool) {
	if len(reply) < 3 || reply[0] != '-' {
		return "", false
	}
	return string(reply[1 : len(reply)-2]), true
}
