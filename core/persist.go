package core

// persist knows what has changed since the last snapshot.
type persist struct {
	dirty  int64 // changes since the last snapshot
	broken bool  // the last snapshot in the background failed
}

func (p *persist) start(*Engine)    {}
func (p *persist) due(*Engine) Time { return Never }
func (p *persist) turn(*Engine)     {}

// Saved tells the outcome of an EventSave: "" is success, anything else says what went wrong.
func (e *Engine) Saved(ticket uint32, failure string) {}

// Snapshot appends an RDB file of everything but the connections to dst and returns it.
func (e *Engine) Snapshot(dst []byte) []byte { return dst }

// Restore replaces the data by that of an RDB file: all of it or, with an error, none.
func (e *Engine) Restore(image []byte) error { return nil }
