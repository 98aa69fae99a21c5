package core

// scripts is the script under way, if any.
type scripts struct{}

// holds reports whether a script is under way that nobody may interrupt yet: commands wait.
func (s *scripts) holds() bool { return false }

// waiting reports whether a script is under way and waits to be stepped on.
func (s *scripts) waiting() bool { return false }

// step runs the next slice of the script under way.
func (s *scripts) step(*Engine) {}

// gone notes that a connection has ended.
func (s *scripts) gone(*conn) {}
