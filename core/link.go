package core

// link is a connection that the engine asked its host for, to speak to another server. Its conn is
// none of the clients: nothing runs on it, and CLIENT LIST does not show it.
type link struct {
	// opened is called when the connection stands. What it appends to the connection's output is
	// sent.
	opened func(cl *conn)
	// failed is called instead when it does not come to be.
	failed func(why string)
	// arrived takes what the far end sent, which is lent for the call.
	arrived func(cl *conn, data []byte)
	// ended is called once after opened, when the connection is no more, whoever ended it.
	ended func()
}

// dial asks the host for a connection to an address, host and port.
//
//go:noinline
func (e *Engine) dial(address string, l *link) {
	e.ask(Event{Kind: EventConnect, Path: address, Data: []byte(e.cfg.bindSource)}, func(in *Input) {
		if in.Kind != InConnected {
			l.failed(string(in.Data))
			return
		}
		if e.links == nil {
			e.links = map[ConnID]*conn{}
		}
		cl := &conn{id: in.Conn, user: e.access.normal, db: e.dbs[0], created: e.now, link: l}
		e.links[in.Conn] = cl
		l.opened(cl)
		e.flush(cl)
	})
}

// arrive passes on what the far end of a link sent.
func (e *Engine) arrive(cl *conn, data []byte) {
	cl.link.arrived(cl, data)
	e.flush(cl)
	e.beforeSleep()
}
